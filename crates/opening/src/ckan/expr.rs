//! The part of Solr's query language that CKAN clients use: `field:value`,
//! quotes, `(a OR b)`, `AND`, `OR`, `NOT`, `+`, `-`, ranges `[a TO b]`, `*`.

use super::CkanError;

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    All,
    /// A word anywhere.
    Word(String),
    Field(String, Match),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// `*` at either end stands for anything.
    Value(String),
    /// Both ends included; `None` is `*`.
    Range(Option<String>, Option<String>),
}

impl Match {
    pub fn holds(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        match self {
            Match::Range(from, to) => {
                from.as_ref().is_none_or(|f| value >= f.to_lowercase())
                    && to.as_ref().is_none_or(|t| value <= t.to_lowercase())
            }
            Match::Value(wanted) => {
                let wanted = wanted.to_lowercase();
                match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
                    _ if wanted == "*" => true,
                    (Some(_), Some(_)) => value.contains(wanted.trim_matches('*')),
                    (Some(end), None) => value.ends_with(end),
                    (None, Some(start)) => value.starts_with(start),
                    (None, None) => value == wanted,
                }
            }
        }
    }
}

impl Expr {
    pub fn holds(&self, word: &dyn Fn(&str) -> bool, field: &dyn Fn(&str, &Match) -> bool) -> bool {
        match self {
            Expr::All => true,
            Expr::Word(w) => word(w),
            Expr::Field(f, m) => field(f, m),
            Expr::And(parts) => parts.iter().all(|p| p.holds(word, field)),
            Expr::Or(parts) => parts.iter().any(|p| p.holds(word, field)),
            Expr::Not(inner) => !inner.holds(word, field),
        }
    }
    /// Its words in order, where it is nothing but words: those are ranked by the index.
    pub fn plain_words(&self) -> Option<Vec<&str>> {
        match self {
            Expr::Word(w) => Some(vec![w]),
            Expr::And(parts) => parts
                .iter()
                .map(|p| if let Expr::Word(w) = p { Some(w.as_str()) } else { None })
                .collect(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Plus,
    Minus,
    Colon,
    Range(Option<String>, Option<String>),
    Quoted(String),
    Word(String),
}

/// Nesting of parentheses.
const DEPTH_MAX: usize = 32;

pub fn parse(text: &str) -> Result<Expr, CkanError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Expr::All);
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.or(None)?;
    if parser.at < parser.tokens.len() {
        Err(mistake(text))
    } else {
        Ok(expr)
    }
}

fn mistake(text: &str) -> CkanError {
    let shown: String = text.chars().take(80).collect();
    CkanError::Search(format!("cannot parse '{shown}'"))
}

fn tokens(text: &str) -> Result<Vec<Token>, CkanError> {
    let mut out = vec![];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            ':' => out.push(Token::Colon),
            '+' => out.push(Token::Plus),
            '-' => out.push(Token::Minus),
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let (from, to) = inner.split_once(" TO ").ok_or_else(|| mistake(text))?;
                let end = |s: &str| Some(s.trim().to_owned()).filter(|s| s != "*");
                out.push(Token::Range(end(from), end(to)));
            }
            '"' => {
                let (mut value, mut closed) = (String::new(), false);
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => value.extend(chars.next()),
                        '"' => {
                            closed = true;
                            break;
                        }
                        c => value.push(c),
                    }
                }
                if !closed {
                    return Err(mistake(text));
                }
                out.push(Token::Quoted(value));
            }
            c => {
                let mut word = String::new();
                let mut next = Some(c);
                while let Some(c) = next {
                    if c == '\\' {
                        word.extend(chars.next())
                    } else {
                        word.push(c)
                    }
                    next = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | ':' | '"' | '['));
                }
                out.push(Token::Word(word));
            }
        }
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(found);
        found
    }
    /// `field` is set inside `field:( … )`.
    fn or(&mut self, field: Option<&str>) -> Result<Expr, CkanError> {
        let mut parts = vec![self.and(field)?];
        while self.keyword("OR") {
            parts.push(self.and(field)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::Or(parts)
        })
    }
    fn and(&mut self, field: Option<&str>) -> Result<Expr, CkanError> {
        let mut parts = vec![];
        loop {
            self.keyword("AND");
            match self.peek() {
                None | Some(Token::Close) => break,
                Some(Token::Word(w)) if w == "OR" => break,
                Some(_) => parts.push(self.not(field)?),
            }
        }
        match parts.len() {
            0 => Err(mistake("")),
            1 => Ok(parts.remove(0)),
            _ => Ok(Expr::And(parts)),
        }
    }
    fn not(&mut self, field: Option<&str>) -> Result<Expr, CkanError> {
        if self.keyword("NOT") || self.take(&Token::Minus) {
            return Ok(Expr::Not(Box::new(self.primary(field)?)));
        }
        self.take(&Token::Plus);
        self.primary(field)
    }
    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }
    fn primary(&mut self, field: Option<&str>) -> Result<Expr, CkanError> {
        let token = self.peek().cloned().ok_or_else(|| mistake(""))?;
        self.at += 1;
        let named = |m: Match| field.map_or(Expr::All, |f| Expr::Field(f.to_owned(), m));
        match token {
            Token::Open => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(CkanError::Search("too deeply nested".into()));
                }
                let inner = self.or(field)?;
                self.depth -= 1;
                if self.take(&Token::Close) {
                    Ok(inner)
                } else {
                    Err(mistake("("))
                }
            }
            Token::Word(w) if field.is_none() && self.take(&Token::Colon) => self.value_of(&w),
            Token::Word(w) | Token::Quoted(w) if field.is_some() => Ok(named(Match::Value(w))),
            Token::Word(w) if w == "*" => Ok(Expr::All),
            Token::Word(w) | Token::Quoted(w) => Ok(Expr::Word(w)),
            Token::Range(from, to) if field.is_some() => Ok(named(Match::Range(from, to))),
            _ => Err(mistake("")),
        }
    }
    fn value_of(&mut self, field: &str) -> Result<Expr, CkanError> {
        if field == "*" {
            self.at += 1;
            return Ok(Expr::All);
        }
        self.not(Some(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let word = |w: &str| "特种设备".contains(w);
        let field = |f: &str, m: &Match| match f {
            "tags" => ["法人库", "a b"].iter().any(|v| m.holds(v)),
            "metadata_modified" => m.holds("2026-11-20T00:00:00"),
            "organization" => m.holds("scjg"),
            _ => false,
        };
        parse(text).expect("parses").holds(&word, &field)
    }

    #[test]
    fn what_ckan_clients_send_is_understood() {
        for yes in [
            "",
            "*:*",
            "*",
            "特种",
            "organization:scjg",
            "organization:sc*",
            "+organization:scjg +tags:法人库",
            "tags:\"a b\"",
            "tags:(x OR 法人库)",
            "-organization:other",
            "NOT organization:other AND 设备",
            "organization:(scjg OR x) AND tags:\"法人库\"",
            "metadata_modified:[2026-01-01T00:00:00Z TO *]",
            "(tags:x OR tags:法人库) organization:scjg",
            "organization:*",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "没有",
            "organization:other",
            "-tags:法人库",
            "tags:x OR tags:y",
            "metadata_modified:[* TO 2025-01-01]",
        ] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_never_panics() {
        for bad in ["(", ")", "a:(", "\"open", "x:[1]", "a:", "AND", "((((", "- -"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
        assert_eq!(
            parse("特种 设备").expect("words").plain_words(),
            Some(vec!["特种", "设备"])
        );
    }
}
