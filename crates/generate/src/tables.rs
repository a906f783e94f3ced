//! The two tables, row by row: a row is a function of the seed and its number.

use base::codes::{self, Division};
use chrono::{Datelike, Days, NaiveDate};

use crate::chance::{Chance, mix};
use crate::entities::{World, push_number};
use crate::schema::{EQUIPMENT, INSURANCE, Item};

/// Columns that errors of each kind go into.
pub struct Targets {
    pub check_digit: usize,
    pub required: usize,
    pub date: usize,
    pub division: usize,
    pub keys: &'static [usize],
    pub full_width: usize,
    pub overlong: usize,
    pub code: usize,
}

pub trait Table: Sync {
    fn items(&self) -> &'static [Item];
    fn targets(&self) -> Targets;
    /// Writes row `index` into `out`, one cleared text a column; empty is null.
    fn row(&self, index: u64, chance: &mut Chance, out: &mut [String]);
}

pub struct Insurance {
    pub world: World,
    pub rows: u64,
    pub as_of: NaiveDate,
}

impl Table for Insurance {
    fn items(&self) -> &'static [Item] {
        &INSURANCE
    }
    fn targets(&self) -> Targets {
        Targets {
            check_digit: 0,
            required: 1,
            date: 10,
            division: 9,
            keys: &[3, 6],
            full_width: 0,
            overlong: 1,
            code: 2,
        }
    }
    /// Five rows are three persons: an employee with three kinds of insurance,
    /// a resident, and an employee of whom only the pension is known.
    fn row(&self, index: u64, chance: &mut Chance, out: &mut [String]) {
        let (group, at) = (index / 5, index % 5);
        let number = group * 3 + at.saturating_sub(2);
        let person = self.world.person(number);
        let kind = match at {
            3 => "170",
            1 => "210",
            2 => "410",
            _ if mix(number).is_multiple_of(10) => "120",
            _ => "110",
        };
        out[0].push_str(&person.citizen_id);
        out[1].push_str(&person.name);
        // A person shows the same document for every kind of insurance.
        if mix(number ^ 0xD0C5) % 1000 < 15 {
            out[2].push_str("414");
            out[3].push('E');
            push_number(&mut out[3], number % 100_000_000, 8);
        } else {
            out[2].push_str("111");
            out[3].push_str(&person.citizen_id);
        }
        if kind == "170" {
            out[9].push_str(person.division.code);
        } else {
            let firm = self.world.firm(self.world.employer_of(number, self.rows / 40 + 1));
            out[4].push_str(&firm.name);
            out[5].push_str(&firm.uscc);
            out[9].push_str(firm.division.code);
        }
        out[6].push_str(kind);
        let participation = ["1", "2", "3"][chance.weighted(&[88, 8, 4])];
        out[7].push_str(participation);
        out[8].push_str(if participation == "1" && chance.below(33) == 0 {
            "2"
        } else {
            participation
        });
        push_time(&mut out[10], self.as_of - Days::new(chance.below(180)), chance);
    }
}

pub struct Equipment {
    pub world: World,
    pub rows: u64,
    pub as_of: NaiveDate,
}

/// Kind, the character of its certificates, names with their code in the
/// catalogue of special equipment, years between inspections.
struct Kind {
    code: &'static str,
    character: &'static str,
    names: &'static [(&'static str, &'static str)],
    inspection_years: u64,
}

static KINDS: [Kind; 7] = [
    Kind {
        code: "3000",
        character: "梯",
        names: &[
            ("3110", "曳引驱动乘客电梯"),
            ("3120", "曳引驱动载货电梯"),
            ("3310", "自动扶梯"),
            ("3320", "自动人行道"),
            ("3430", "杂物电梯"),
        ],
        inspection_years: 1,
    },
    Kind {
        code: "2000",
        character: "容",
        names: &[
            ("2150", "第一类压力容器"),
            ("2170", "第二类压力容器"),
            ("2110", "超高压容器"),
            ("2310", "液化石油气钢瓶"),
        ],
        inspection_years: 3,
    },
    Kind {
        code: "5000",
        character: "车",
        names: &[("5110", "叉车"), ("5210", "非公路用旅游观光车辆")],
        inspection_years: 1,
    },
    Kind {
        code: "4000",
        character: "起",
        names: &[
            ("4110", "通用桥式起重机"),
            ("4210", "通用门式起重机"),
            ("4310", "普通塔式起重机"),
            ("4860", "施工升降机"),
        ],
        inspection_years: 2,
    },
    Kind {
        code: "1000",
        character: "锅",
        names: &[
            ("1100", "承压蒸汽锅炉"),
            ("1200", "承压热水锅炉"),
            ("1310", "有机热载体气相炉"),
        ],
        inspection_years: 2,
    },
    Kind {
        code: "8000",
        character: "管",
        names: &[("8110", "长输油气管道"), ("8210", "燃气管道"), ("8310", "工业管道")],
        inspection_years: 3,
    },
    Kind {
        code: "6000",
        character: "游",
        names: &[("6100", "观览车类"), ("6200", "滑行车类"), ("6800", "水上游乐设施")],
        inspection_years: 1,
    },
];
/// How common each of [`KINDS`] is, percent.
const KIND_WEIGHTS: [u32; 7] = [55, 18, 12, 9, 4, 1, 1];

impl Table for Equipment {
    fn items(&self) -> &'static [Item] {
        &EQUIPMENT
    }
    fn targets(&self) -> Targets {
        Targets {
            check_digit: 5,
            required: 4,
            date: 8,
            division: 7,
            keys: &[0],
            full_width: 5,
            overlong: 3,
            code: 2,
        }
    }
    fn row(&self, index: u64, chance: &mut Chance, out: &mut [String]) {
        let kind = &KINDS[chance.weighted(&KIND_WEIGHTS)];
        let (code, name) = kind.names[chance.below(kind.names.len() as u64) as usize];
        let firm = self.world.firm(chance.below(self.rows / 6 + 1));
        let city = firm.division.parent.and_then(codes::division).unwrap_or(firm.division);
        let registered = self.as_of - Days::new(30 + chance.below(4_500));
        let inspection = next_inspection(registered, kind.inspection_years, self.as_of);

        certificate_no(&mut out[0], kind, city, index, registered);
        out[1].push_str(code);
        push_number(&mut out[1], chance.below(100_000), 5);
        push_number(&mut out[1], registered.year() as u64, 4);
        push_number(&mut out[1], chance.below(10_000), 4);
        out[2].push_str(kind.code);
        out[3].push_str(name);
        out[4].push_str(&firm.name);
        out[5].push_str(&firm.uscc);
        out[6].push_str(&firm.address);
        out[7].push_str(firm.division.code);
        push_date(&mut out[8], registered);
        push_date(&mut out[9], inspection);
        out[10].push_str(city.name);
        out[10].push_str("市场监督管理局");
        out[11].push_str(["1", "2", "3"][chance.weighted(&[90, 7, 3])]);
        push_time(&mut out[12], self.as_of - Days::new(chance.below(25)), chance);
    }
}

/// 梯11浙A00000001(21): kind, level of the office, city's letter, running number, year.
fn certificate_no(out: &mut String, kind: &Kind, city: &Division, index: u64, registered: NaiveDate) {
    out.push_str(kind.character);
    out.push_str("11浙");
    let city_number = city.code[2..4].parse::<u8>().unwrap_or(1);
    out.push((b'A' + city_number.saturating_sub(1)) as char);
    push_number(out, index + 1, 8);
    out.push('(');
    push_number(out, registered.year() as u64 % 100, 2);
    out.push(')');
}

fn next_inspection(registered: NaiveDate, years: u64, as_of: NaiveDate) -> NaiveDate {
    let period = years * 365;
    let age = (as_of - registered).num_days().max(0) as u64;
    registered + Days::new((age / period + 1) * period)
}

fn push_date(out: &mut String, day: NaiveDate) {
    push_number(out, day.year() as u64, 4);
    out.push('-');
    push_number(out, u64::from(day.month()), 2);
    out.push('-');
    push_number(out, u64::from(day.day()), 2);
}

/// `2026-03-05 09:41:07`, in office hours.
fn push_time(out: &mut String, day: NaiveDate, chance: &mut Chance) {
    push_date(out, day);
    let seconds = 8 * 3600 + chance.below(10 * 3600);
    for (separator, part) in [(' ', seconds / 3600), (':', seconds / 60 % 60), (':', seconds % 60)] {
        out.push(separator);
        push_number(out, part, 2);
    }
}
