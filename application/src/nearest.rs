//! Names close to one that does not exist, for error messages.

/// How alike two names must be to be worth suggesting, from 0 (nothing) to 1 (the same).
const ALIKE: f64 = 0.6;

/// Up to three of `known` that look most like `name`, the closest first.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// "; did you mean `a` or `b`?" for an error message, or nothing when no name is close.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = nearest(name, known).iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_names_are_suggested_first() {
        let known = ["plan.created", "plan.cancelled", "tool.invoked", "decision.created"];
        assert_eq!(nearest("plan.creatd", known)[0], "plan.created");
        assert_eq!(
            did_you_mean("tool.invokd", ["tool.invoked", "qqq"]),
            "; did you mean `tool.invoked`?"
        );
        assert_eq!(did_you_mean("zzz", known), "");
    }
}
