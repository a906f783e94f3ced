//! Names in addresses: `[a-z0-9-]`, read out in pinyin, so that an address
//! can be dictated and is a valid CKAN name.

use pinyin::ToPinyin;

/// Characters of a name; CKAN allows 100.
const CHARS_MAX: usize = 60;

/// 特种设备使用登记证 → `te-zhong-she-bei-shi-yong-deng-ji-zheng`. Never empty.
pub fn slug(text: &str) -> String {
    let mut words: Vec<String> = vec![];
    let mut latin = false;
    for c in text.chars() {
        if let Some(p) = c.to_pinyin() {
            words.push(p.plain().replace('ü', "v"));
            latin = false;
        } else if c.is_ascii_alphanumeric() {
            match words.last_mut() {
                Some(word) if latin => word.push(c.to_ascii_lowercase()),
                _ => words.push(c.to_ascii_lowercase().to_string()),
            }
            latin = true;
        } else {
            latin = false;
        }
    }
    let mut out = String::new();
    for word in words {
        if out.len() + word.len() + 1 > CHARS_MAX {
            break;
        }
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(&word);
    }
    if out.len() < 2 { "dataset".to_owned() } else { out }
}

/// With the last characters of an id, so that equal titles get different names.
pub fn with_suffix(slug: &str, id: &str) -> String {
    let tail: String = id.chars().rev().filter(char::is_ascii_alphanumeric).take(6).collect();
    let tail: String = tail.chars().rev().collect::<String>().to_lowercase();
    format!("{slug}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names_that_can_stand_in_an_address() {
        assert_eq!(slug("特种设备使用登记证"), "te-zhong-she-bei-shi-yong-deng-ji-zheng");
        assert_eq!(slug("2021年共享数据 (API)"), "2021-nian-gong-xiang-shu-ju-api");
        assert_eq!(slug("../!"), "dataset");
        assert!(slug(&"绿".repeat(80)).len() <= 60);
        assert_eq!(with_suffix("a", "res_01ABCDEF"), "a-abcdef");
    }
}
