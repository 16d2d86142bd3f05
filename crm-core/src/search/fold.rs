//! How text is folded and parted into words.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_script::{Script, UnicodeScript};

use super::SearchWord;

/// Without case, diacritics and differences of form: what looks the same to somebody who searches is the same. Folding what is folded changes nothing.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|c| !silent(*c)).flat_map(without_case);
    let mut folded = String::with_capacity(text.len());
    // Composed again, so that a Korean syllable and a voiced kana are one character.
    for c in plain.nfc() {
        match spelt_out(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// Lower case by way of upper case, in which `ß` is `SS` and both sigmas are one.
fn without_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// What is not looked for and parts no word: diacritics, that is marks that belong to no script of their own, the points of Hebrew, and what cannot be seen (soft hyphens, joiners,
/// marks of direction). The marks that voice kana make other letters, and stay.
fn silent(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' | '\u{3099}' | '\u{309a}' => false,
        '\u{ad}'
        | '\u{591}'..='\u{5c7}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => true,
        c => is_combining_mark(c) && c.script() == Script::Inherited,
    }
}

/// Letters that Unicode does not take apart, as people type them who do not have them.
const fn spelt_out(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ł' => "l",
        'þ' => "th",
        'ŧ' => "t",
        _ => return None,
    })
}

/// What a character does in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It parts words.
    Gap,
    Spaced,
    Run,
}

fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Class::Spaced } else { Class::Gap };
    }
    if !c.is_alphanumeric() && !is_combining_mark(c) {
        return Class::Gap;
    }
    use Script::{Bopomofo, Han, Hangul, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai, Yi};
    // By the extensions too: the mark that lengthens a vowel belongs to both kana.
    let scripts = c.script_extension();
    let unspaced = [Han, Hiragana, Katakana, Hangul, Thai, Bopomofo, Khmer, Lao, Myanmar, Yi];
    match !scripts.is_common()
        && !scripts.is_inherited()
        && unspaced.iter().any(|script| scripts.contains_script(*script))
    {
        true => Class::Run,
        false => Class::Spaced,
    }
}

/// The words of a folded text, in their order.
pub(super) fn words(folded: &str) -> impl Iterator<Item = SearchWord<'_>> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| class(c) == Class::Gap);
        let kind = class(rest.chars().next()?);
        let (word, behind) = rest.split_at(rest.find(|c| class(c) != kind).unwrap_or(rest.len()));
        rest = behind;
        Some(match kind {
            Class::Run => SearchWord::Run(word),
            _ => SearchWord::Spaced(cut(word)),
        })
    })
}

fn cut(word: &str) -> &str {
    if word.len() <= SearchWord::LIMIT_CHARACTERS {
        return word;
    }
    word.char_indices().nth(SearchWord::LIMIT_CHARACTERS).map_or(word, |(end, _)| &word[..end])
}
