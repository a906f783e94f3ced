//! Texts as the index sees them. The same functions make the index's terms and
//! a query's terms, so the two can never drift apart.
//!
//! - **grams**: two-character pieces of runs of Chinese, whole runs of letters
//!   and digits, with positions. A phrase of them finds any piece of a text,
//!   known word or not.
//! - **words**: jieba's search mode; finds the words of a sentence in any order.
//! - **letters**: pieces of the pinyin, of its initials (`shbx`) or in full
//!   (`shehuibaoxian`), with positions.

use pinyin::ToPinyin;
use tantivy::tokenizer::{TokenStream, Tokenizer};
use tantivy_jieba::JiebaTokenizer;

use super::fold::fold;

/// A term and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gram {
    pub text: String,
    pub position: usize,
    /// The single last character of a Chinese run: in the index it lets one
    /// character be found at the end of a run; a query's phrase leaves it out.
    pub tail: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Latin,
}

fn script(c: char) -> Option<Script> {
    match c {
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' => {
            Some(Script::Han)
        }
        '〇' => Some(Script::Han),
        c if c.is_alphanumeric() => Some(Script::Latin),
        _ => None,
    }
}

/// Runs of one script in a folded text.
fn runs(folded: &str) -> Vec<(Script, Vec<char>)> {
    let mut runs: Vec<(Script, Vec<char>)> = vec![];
    let mut open = false;
    for c in folded.chars() {
        match script(c) {
            Some(s) => match runs.last_mut() {
                Some((last, run)) if open && *last == s => run.push(c),
                _ => runs.push((s, vec![c])),
            },
            None => {
                open = false;
                continue;
            }
        }
        open = true;
    }
    runs
}

pub fn grams(text: &str) -> Vec<Gram> {
    let mut grams = vec![];
    let mut position = 0;
    let mut push = |text: String, tail: bool| {
        grams.push(Gram { text, position, tail });
        position += 1;
    };
    for (script, run) in runs(&fold(text)) {
        match script {
            Script::Latin => push(run.into_iter().take(TERM_CHARS_MAX).collect(), false),
            Script::Han => {
                for pair in run.windows(2) {
                    push(pair.iter().collect(), false);
                }
                if let Some(last) = run.last() {
                    push(last.to_string(), true);
                }
            }
        }
    }
    grams
}

/// Letters of one term at most; longer runs are not words.
const TERM_CHARS_MAX: usize = 64;

/// Words that say nothing about what a text is on.
const STOP_WORDS: &[&str] = &["的", "和", "与", "及", "或", "了", "是", "在", "等", "对", "为", "有"];

/// Words by jieba in search mode, each once, in order of appearance.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut tokenizer = JiebaTokenizer::new();
    let mut stream = tokenizer.token_stream(&folded);
    let mut words: Vec<String> = vec![];
    while let Some(token) = stream.next() {
        let word = token.text.trim();
        let speaks = word.chars().any(|c| script(c).is_some());
        if speaks && word.len() <= 4 * TERM_CHARS_MAX && !STOP_WORDS.contains(&word) && !words.iter().any(|w| w == word)
        {
            words.push(word.to_owned());
        }
    }
    words
}

/// Initials of the pinyin: `社会保险` is `shbx`; letters and digits stand for themselves.
pub fn initials(text: &str) -> String {
    pinyin_of(text, |syllable| &syllable[..1])
}

/// The pinyin in full, without tones or spaces: `shehuibaoxian`.
pub fn full_pinyin(text: &str) -> String {
    pinyin_of(text, |syllable| syllable)
}

fn pinyin_of(text: &str, part: fn(&'static str) -> &'static str) -> String {
    let mut out = String::new();
    for c in fold(text).chars() {
        match c.to_pinyin() {
            // ü is typed as v
            Some(syllable) => out.extend(part(syllable.plain()).chars().map(|c| if c == 'ü' { 'v' } else { c })),
            None if c.is_ascii_alphanumeric() => out.push(c),
            None => {}
        }
    }
    out
}

/// Overlapping pieces of `n` letters with their places; a shorter text is one piece.
pub fn pieces(letters: &str, n: usize) -> Vec<Gram> {
    let chars: Vec<char> = letters.chars().collect();
    let starts = if chars.is_empty() {
        0
    } else {
        chars.len().saturating_sub(n) + 1
    };
    (0..starts)
        .map(|i| Gram {
            text: chars[i..(i + n).min(chars.len())].iter().collect(),
            position: i,
            tail: false,
        })
        .collect()
}

/// Letters of a piece of the initials and of the full pinyin.
pub const INITIALS_PIECE: usize = 2;
pub const PINYIN_PIECE: usize = 3;

/// Two numbers by whose order titles stand as in a dictionary: the first
/// sixteen letters of the pinyin.
pub fn title_order(title: &str) -> (u64, u64) {
    let pinyin = full_pinyin(title);
    let mut letters = pinyin.bytes().chain(std::iter::repeat(0));
    let mut eight = || (0..8).fold(0u64, |n, _| (n << 8) | u64::from(letters.next().unwrap_or(0)));
    (eight(), eight())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(grams: &[Gram]) -> Vec<(&str, usize, bool)> {
        grams.iter().map(|g| (g.text.as_str(), g.position, g.tail)).collect()
    }

    #[test]
    fn cat_14_chinese_is_cut_into_pairs_and_letters_stay_whole() {
        assert_eq!(
            texts(&grams("2021年度USCC_库")),
            [
                ("2021", 0, false),
                ("年度", 1, false),
                ("度", 2, true),
                ("uscc", 3, false),
                ("库", 4, true)
            ]
        );
        assert_eq!(grams(" ,。!"), []);
    }

    #[test]
    fn cat_14_words_come_from_jieba_without_signs_and_fillers() {
        let found = words("社会保险的个人参保信息(试行)");
        for word in ["社会", "保险", "个人", "信息"] {
            assert!(found.iter().any(|w| w == word), "{word} is missing from {found:?}");
        }
        assert!(!found.iter().any(|w| w == "的" || w == "("));
    }

    #[test]
    fn cat_14_pinyin_is_cut_into_pieces_that_find_the_middle_of_a_title() {
        assert_eq!(initials("社会保险2021"), "shbx2021");
        assert_eq!(full_pinyin("绿化"), "lvhua");
        let of_title = pieces(&initials("社会保险个人参保信息"), 2);
        let of_query = pieces("grcb", 2);
        let start = of_title
            .iter()
            .position(|g| g.text == of_query[0].text)
            .expect("the piece is there");
        assert!(
            of_query
                .iter()
                .enumerate()
                .all(|(i, g)| of_title[start + i].text == g.text)
        );
        assert!(title_order("安全") < title_order("保险") && title_order("保险") < title_order("参保"));
    }
}
