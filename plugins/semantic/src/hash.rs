//! The content hash that makes a memory unique in its namespace: the digest of its content, while it is current.

/// The hash of a memory that is no longer current. The id makes it differ from every current one, so that what was
/// once superseded can be remembered again (Paris, London, Paris).
#[must_use]
pub fn retired_hash(hash: &str, id: u64) -> String {
    format!("{}#{id}", hash.split('#').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retiring_twice_is_retiring_once() {
        let once = retired_hash("aa", 7);
        assert_eq!(once, "aa#7");
        assert_eq!(retired_hash(&once, 7), once);
    }
}
