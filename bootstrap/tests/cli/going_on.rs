//! `react` with a name that is there: it goes on, whatever else is asked for.
#![cfg(unix)]

use crate::reacting::{one, react, with_events};
use crate::support::ndjson;

#[test]
fn one_that_is_there_says_where_it_goes_on_and_how_it_would_begin_anew() {
    let sandbox = with_events(5);
    let begun = react(&sandbox, &["--type", "plan.*"], "true").success();
    assert!(!begun.err.contains("goes on"), "{}", begun.err);
    sandbox.feed(&["record"], ndjson(5..7).as_bytes()).success();
    let row = one(&sandbox, &["subscriptions"]);
    let next = row["cursor"].as_u64().unwrap() + 1;
    let goes_on = format!("goes on with {next}, by the filters of this call");
    let again = react(&sandbox, &[], "true").success().explains(&[
        "note: `billing`, begun 20",
        &goes_on,
        "--from is for a name that is new",
        "subscriptions rewind billing --to PLACE`",
        "subscriptions remove billing`",
    ]);
    assert!(again.err.contains("2 events handled"), "from where it was: {}", again.err);
    let without = sandbox.run(&["react", "billing", "--until-caught-up", "--", "true"]).success();
    assert!(without.err.contains("goes on with 8") && !without.err.contains("--from"));
}
