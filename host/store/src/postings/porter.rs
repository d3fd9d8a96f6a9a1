//! The stem of an English word by Porter's algorithm, step by step as SQLite's FTS5 tokenizer `porter` takes it.
//!
//! M. F. Porter, An algorithm for suffix stripping, Program 14 (3), 1980. Two words that FTS5 holds to be one must be one here
//! too, and no others: hence not the newer Snowball rules.

/// Bytes of a word that is stemmed; a longer one is its own stem.
const LONGEST: usize = 64;

/// Suffix and what comes in its place.
type Rules = &'static [(&'static str, &'static str)];

const STEP_2: Rules = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("logi", "log"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];

const STEP_3: Rules =
    &[("ical", "ic"), ("ness", ""), ("icate", "ic"), ("iciti", "ic"), ("ful", ""), ("ative", ""), ("alize", "al")];

const STEP_4: Rules = &[
    ("al", ""),
    ("ance", ""),
    ("ence", ""),
    ("er", ""),
    ("ic", ""),
    ("able", ""),
    ("ible", ""),
    ("ant", ""),
    ("ement", ""),
    ("ment", ""),
    ("ent", ""),
    ("ion", ""),
    ("ou", ""),
    ("ism", ""),
    ("ate", ""),
    ("iti", ""),
    ("ous", ""),
    ("ive", ""),
    ("ize", ""),
];

/// Reduces a word in lower case to its stem.
pub(super) fn stem(word: &mut Vec<u8>) {
    if !(3..=LONGEST).contains(&word.len()) {
        return;
    }
    plural(word);
    if past_or_progressive(word) {
        mend(word);
    }
    if let Some((b'y', stem)) = word.split_last()
        && has_vowel(stem)
        && let Some(last) = word.last_mut()
    {
        *last = b'i';
    }
    replace(word, STEP_2, |stem, _| measure(stem) > 0);
    replace(word, STEP_3, |stem, _| measure(stem) > 0);
    replace(word, STEP_4, |stem, suffix| {
        measure(stem) > 1 && (suffix != "ion" || matches!(stem.last(), Some(b's' | b't')))
    });
    if let Some((b'e', stem)) = word.split_last()
        && (measure(stem) > 1 || (measure(stem) == 1 && !ends_short(stem)))
    {
        word.pop();
    }
    if let Some((b'l', stem)) = word.split_last()
        && stem.last() == Some(&b'l')
        && measure(stem) > 1
    {
        word.pop();
    }
}

/// Step 1a.
fn plural(word: &mut Vec<u8>) {
    let cut = match word.as_slice() {
        [.., _, b's', b's', b'e', b's'] | [.., _, b'i', b'e', b's'] => 2,
        [.., b's', b's'] => 0,
        [.., b's'] => 1,
        _ => 0,
    };
    word.truncate(word.len() - cut);
}

/// Step 1b; whether an `ed` or `ing` was cut off.
fn past_or_progressive(word: &mut Vec<u8>) -> bool {
    if let Some(stem) = stem_of(word, "eed") {
        if measure(stem) > 0 {
            word.pop();
        }
        return false;
    }
    let Some(stem) = stem_of(word, "ed").or_else(|| stem_of(word, "ing")) else {
        return false;
    };
    let length = stem.len();
    let cut = has_vowel(stem);
    if cut {
        word.truncate(length);
    }
    cut
}

/// What follows step 1b: `hopp` becomes `hop`, `fil` becomes `file`.
fn mend(word: &mut Vec<u8>) {
    if ["at", "bl", "iz"].iter().any(|end| stem_of(word, end).is_some()) {
        word.push(b'e');
        return;
    }
    match word.as_slice() {
        [.., before, last]
            if before == last && !matches!(last, b'a' | b'e' | b'i' | b'o' | b'u' | b'l' | b's' | b'z') =>
        {
            word.pop();
        }
        _ if measure(word) == 1 && ends_short(word) => word.push(b'e'),
        _ => {}
    }
}

/// Applies the first rule whose suffix the word has, if its condition, of stem and suffix, holds.
fn replace(word: &mut Vec<u8>, rules: Rules, condition: impl Fn(&[u8], &str) -> bool) {
    let found = rules.iter().find_map(|(suffix, new)| Some((stem_of(word, suffix)?, *suffix, *new)));
    if let Some((stem, suffix, new)) = found
        && condition(stem, suffix)
    {
        let length = stem.len();
        word.truncate(length);
        word.extend_from_slice(new.as_bytes());
    }
}

/// What is before a suffix; none if that is nothing.
fn stem_of<'a>(word: &'a [u8], suffix: &str) -> Option<&'a [u8]> {
    word.strip_suffix(suffix.as_bytes()).filter(|stem| !stem.is_empty())
}

/// For each letter whether it is a consonant; `y` is one unless it follows one.
fn consonants(word: &[u8]) -> impl Iterator<Item = bool> {
    word.iter().scan(false, |after_consonant, letter| {
        let vowel = matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u') || (*letter == b'y' && *after_consonant);
        *after_consonant = !vowel;
        Some(!vowel)
    })
}

/// How often a consonant follows a vowel.
fn measure(word: &[u8]) -> usize {
    let mut vowel_before = false;
    consonants(word).filter(|consonant| std::mem::replace(&mut vowel_before, !consonant) && *consonant).count()
}

/// Whether there is a vowel; here `y` is one wherever it is not the first letter.
fn has_vowel(word: &[u8]) -> bool {
    word.iter()
        .zip(0..)
        .any(|(letter, at)| matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u') || (*letter == b'y' && at > 0))
}

/// Whether the word ends in consonant, vowel, consonant, the last of them none of `w`, `x` and `y`.
fn ends_short(word: &[u8]) -> bool {
    let last = consonants(word).fold(0_u8, |last, consonant| (last << 1 | u8::from(consonant)) & 7);
    last == 5 && !matches!(word.last(), Some(b'w' | b'x' | b'y'))
}
