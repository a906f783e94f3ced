//! Legal texts and how an article of one is cited.

use base::Lang;
use serde::{Deserialize, Serialize};

/// A text in both languages, Chinese first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// 法规文件: an ordinance, a decree, measures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// `ordinance-2022`
    pub id: String,
    /// Full title, without 《》.
    pub title: Text,
    /// What people call it on a screen: 《条例》.
    pub short: Text,
}

/// 条款: one article, down to paragraph and item where a rule rests on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub instrument: Instrument,
    pub number: u16,
    /// 款
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<u16>,
    /// 项
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u16>,
}

impl Article {
    /// 第二十五条第二款 / Art. 25(2)
    pub fn place(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => {
                let mut text = format!("第{}条", numeral(self.number));
                if let Some(paragraph) = self.paragraph {
                    text += &format!("第{}款", numeral(paragraph));
                }
                if let Some(item) = self.item {
                    text += &format!("第{}项", numeral(item));
                }
                text
            }
            Lang::En => {
                let mut text = format!("Art. {}", self.number);
                for part in [self.paragraph, self.item].into_iter().flatten() {
                    text += &format!("({part})");
                }
                text
            }
        }
    }

    /// 《浙江省公共数据条例》第二十五条第二款
    pub fn citation(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("《{}》{}", self.instrument.title.zh, self.place(lang)),
            Lang::En => format!("{}, {}", self.instrument.title.en, self.place(lang)),
        }
    }

    /// `ordinance-2022/25.2`: how rule files and ledger entries name it.
    pub fn code(&self) -> String {
        let mut text = format!("{}/{}", self.instrument.id, self.number);
        for part in [self.paragraph, self.item].into_iter().flatten() {
            text += &format!(".{part}");
        }
        text
    }

    pub fn view(&self, lang: Lang) -> ArticleView {
        ArticleView {
            instrument: self.instrument.id.clone(),
            title: self.instrument.title.get(lang).to_owned(),
            article: self.place(lang),
            citation: self.citation(lang),
        }
    }
}

/// An article as the API shows it, in the language of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Article)]
pub struct ArticleView {
    /// Id of the legal text: `ordinance-2022`.
    pub instrument: String,
    /// Its title.
    pub title: String,
    /// 第二十五条第二款
    pub article: String,
    /// 《浙江省公共数据条例》第二十五条第二款
    pub citation: String,
}

/// 1 to 999 in Chinese: 二十五, 一百零二.
fn numeral(n: u16) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |d: u16| DIGITS[usize::from(d % 10)];
    let (hundreds, tens, ones) = (n / 100, n / 10 % 10, n % 10);
    let mut text = String::new();
    if hundreds > 0 {
        text += digit(hundreds);
        text += "百";
    }
    match (hundreds, tens) {
        (0, 0) => {}
        (0, 1) => text += "十",
        (_, 0) if ones > 0 => text += "零",
        (_, 0) => {}
        _ => {
            text += digit(tens);
            text += "十";
        }
    }
    if ones > 0 || n == 0 {
        text += digit(ones);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_numbered_as_the_law_writes_them() {
        let cases = [
            (1, "一"),
            (10, "十"),
            (12, "十二"),
            (20, "二十"),
            (25, "二十五"),
            (51, "五十一"),
            (102, "一百零二"),
            (110, "一百一十"),
            (200, "二百"),
        ];
        for (n, text) in cases {
            assert_eq!(numeral(n), text);
        }
    }

    #[test]
    fn a_citation_names_the_text_and_the_place() {
        let title = Text {
            zh: "浙江省公共数据条例".into(),
            en: "Zhejiang Public Data Ordinance".into(),
        };
        let instrument = Instrument {
            id: "ordinance-2022".into(),
            short: title.clone(),
            title,
        };
        let article = Article {
            instrument,
            number: 30,
            paragraph: Some(1),
            item: Some(3),
        };
        assert_eq!(article.citation(Lang::Zh), "《浙江省公共数据条例》第三十条第一款第三项");
        assert_eq!(
            article.citation(Lang::En),
            "Zhejiang Public Data Ordinance, Art. 30(1)(3)"
        );
        assert_eq!(article.code(), "ordinance-2022/30.1.3");
    }
}
