//! Small bars, drawn in eighths of a letter.

/// A bar for `value` where `full` fills `width` letters. Anything above zero shows.
pub(crate) fn bar(value: u64, full: u64, width: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value == 0 || full == 0 {
        return String::new();
    }
    let eighths = u128::from(value.min(full)) * u128::from(width) * 8 / u128::from(full);
    // At most `width` letters of eight eighths, so both fit a usize.
    let eighths = usize::try_from(eighths).unwrap_or(usize::MAX).max(1);
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_vanishes() {
        assert_eq!(bar(0, 10, 4), "");
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(5, 10, 4), "██");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(20, 10, 4), "████");
        assert_eq!(bar(u64::MAX, u64::MAX, 2), "██");
        assert_eq!(bar(1, 0, 2), "");
    }
}
