//! Persons and firms, each a function of the seed and an index: the same
//! person wherever the index comes up, so that tables can be joined.

use base::codes::{self, Division, Level};
use chrono::{Days, NaiveDate};

use crate::chance::{Chance, mix, scatter};
use crate::names::*;

/// A made-up person with a citizen ID number whose check digit holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// 18 characters; the division is one of Zhejiang, of today or of the year of birth.
    pub citizen_id: String,
    pub female: bool,
    pub birth: NaiveDate,
    pub phone: String,
    pub division: &'static Division,
}

/// A made-up firm with a valid USCC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firm {
    pub name: String,
    pub uscc: String,
    pub division: &'static Division,
    pub address: String,
}

/// The world that a seed stands for.
#[derive(Clone)]
pub struct World {
    seed: u64,
    counties: Vec<&'static Division>,
    first_birth: NaiveDate,
}

/// Birthdays from 1945-01-01 to 2004-12-31.
const BIRTH_DAYS: u64 = 21_915;
/// The order numbers of a day in a division: 001 to 998.
const ORDERS: u64 = 998;
const FIRM_SPACE: u64 = 99_999_989;

impl World {
    pub fn new(seed: u64) -> Self {
        let counties = codes::divisions().iter().filter(|d| d.level == Level::County).collect();
        let first_birth = NaiveDate::from_ymd_opt(1945, 1, 1).unwrap_or_default();
        Self {
            seed,
            counties,
            first_birth,
        }
    }

    /// Different indexes have different citizen ID numbers, up to 1.9 thousand million.
    pub fn person(&self, index: u64) -> Person {
        let mut chance = Chance::new(self.seed ^ 0x7065_7273, index);
        let counties = self.counties.len() as u64;
        let place = scatter(index, self.seed, counties * BIRTH_DAYS * ORDERS);
        let order = place % ORDERS + 1;
        let birth = self.first_birth + Days::new(place / ORDERS % BIRTH_DAYS);
        let division = self.counties[(place / ORDERS / BIRTH_DAYS) as usize];
        let female = order.is_multiple_of(2);

        let mut citizen_id = String::with_capacity(18);
        citizen_id.push_str(division_at_birth(division.code, birth));
        push_number(&mut citizen_id, u64::from(birth.format_ymd()), 8);
        push_number(&mut citizen_id, order, 3);
        citizen_id.push(codes::citizen_id_check(citizen_id.as_bytes()).unwrap_or(b'0') as char);

        // The common surnames come up about as often as in life: squared chance.
        let at = chance.below(SURNAMES.len() as u64) * chance.below(SURNAMES.len() as u64) / SURNAMES.len() as u64;
        let given = chance.pick(if female { &GIVEN_FEMALE } else { &GIVEN_MALE });
        let name = [SURNAMES[at as usize], given].concat();
        let mut phone = String::with_capacity(11);
        phone.push_str(chance.pick(&["135", "136", "137", "138", "139", "150", "157", "158", "187", "188"]));
        push_number(&mut phone, chance.below(100_000_000), 8);
        Person {
            name,
            citizen_id,
            female,
            birth,
            phone,
            division,
        }
    }

    /// Different indexes have different USCCs, up to a hundred million.
    pub fn firm(&self, index: u64) -> Firm {
        let mut chance = Chance::new(self.seed ^ 0x6669_726D, index);
        let division = self.counties[chance.below(self.counties.len() as u64) as usize];
        let mut uscc = String::with_capacity(18);
        uscc.push_str("91");
        uscc.push_str(division.code);
        push_number(&mut uscc, scatter(index, self.seed, FIRM_SPACE), 8);
        uscc.push(codes::organisation_code_check(&uscc.as_bytes()[8..16]).unwrap_or(b'0') as char);
        uscc.push(codes::uscc_check(uscc.as_bytes()).unwrap_or(b'0') as char);

        let city = division.parent.and_then(codes::division).unwrap_or(division);
        let place = if chance.below(2) == 0 {
            city.short_name
        } else {
            division.short_name
        };
        let form = FORMS[chance.weighted(&FORM_WEIGHTS)];
        let name = [place, chance.pick(&BRANDS), chance.pick(&TRADES), form].concat();
        let address = address(division, city, &mut chance);
        Firm {
            name,
            uscc,
            division,
            address,
        }
    }

    /// The firm that a person works for, among `firms`.
    pub fn employer_of(&self, person: u64, firms: u64) -> u64 {
        mix(person ^ self.seed.rotate_left(17)) % firms.max(1)
    }
}

fn address(division: &Division, city: &Division, chance: &mut Chance) -> String {
    let mut out = ["浙江省", city.name, division.name, chance.pick(&ROADS)].concat();
    push_number(&mut out, 1 + chance.below(999), 1);
    out.push('号');
    out
}

/// Some of today's districts had other codes when people were born there:
/// numbers keep the division of their day.
fn division_at_birth(code: &'static str, birth: NaiveDate) -> &'static str {
    use chrono::Datelike;
    match code {
        "330114" if birth.year() < 2020 => "330104", // 江干, before 钱塘
        "330113" if birth.year() < 2020 => "330184", // 余杭市, before 临平
        "330111" if birth.year() < 1994 => "330123", // 富阳县
        "330112" if birth.year() < 1996 => "330124", // 临安县
        "330603" if birth.year() < 2013 => "330621", // 绍兴县, before 柯桥
        "330604" if birth.year() < 1992 => "330622", // 上虞县
        "331083" if birth.year() < 2017 => "331021", // 玉环县
        _ => code,
    }
}

/// Decimal digits of `value`, at least `width` of them.
pub(crate) fn push_number(out: &mut String, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = value;
    while rest > 0 || digits.len() - at < width {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend(digits[at..].iter().map(|d| *d as char));
}

trait Ymd {
    fn format_ymd(&self) -> u32;
}
impl Ymd for NaiveDate {
    /// 19900307
    fn format_ymd(&self) -> u32 {
        use chrono::Datelike;
        self.year() as u32 * 10_000 + self.month() * 100 + self.day()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn plt_4_every_person_and_firm_has_codes_that_check() {
        let world = World::new(42);
        let mut seen = HashSet::new();
        for index in 0..20_000 {
            let person = world.person(index);
            let read = codes::citizen_id(&person.citizen_id).expect("a valid number");
            assert_eq!((read.birth, read.female), (person.birth, person.female));
            assert!(seen.insert(person.citizen_id), "person {index} has a number of its own");
            assert!(codes::is_mobile_phone(&person.phone), "{}", person.phone);
            let firm = world.firm(index);
            assert_eq!(codes::uscc(&firm.uscc), codes::Uscc::Valid, "{}", firm.uscc);
            assert!(seen.insert(firm.uscc), "firm {index} has a code of its own");
        }
        assert_ne!(world.person(0), World::new(43).person(0), "another seed, another world");
    }

    #[test]
    fn numbers_do_not_collide_far_apart() {
        let world = World::new(7);
        let far: HashSet<_> = (0..1_900).map(|i| world.person(i * 1_000_003).citizen_id).collect();
        assert_eq!(far.len(), 1_900);
    }
}
