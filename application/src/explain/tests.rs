//! The tree that follows from what events say of their causes, also where they lie.

use chrono::{DateTime, Utc};
use domain::{EventType, Sequence};
use proptest::prelude::*;

use super::{Cause, Node, Place, Tree};

/// A node in the place after `n`, with an id, and the id of its cause where that is not empty.
fn node(n: usize, source: &str, id: &str, cause: &str) -> Node {
    Node {
        sequence: Sequence(n as u64 + 1),
        event_id: id.to_owned(),
        source: source.to_owned(),
        event_type: EventType::from_static("plan.created"),
        occurred_at: DateTime::<Utc>::UNIX_EPOCH,
        actor: None,
        correlation_id: None,
        causation_id: Some(cause.to_owned()).filter(|cause| !cause.is_empty()),
        brief: String::new(),
        outcome: None,
    }
}

/// The tree of nodes of one source, given each one's id and cause.
fn tree(pairs: &[(&str, &str)]) -> Tree {
    let nodes: Vec<Node> =
        pairs.iter().enumerate().map(|(n, (id, cause))| node(n, "/s", id, cause)).collect();
    Tree::of(&nodes, |_, _| Cause::NotOnRecord)
}

#[test]
fn each_event_stands_below_its_cause_in_the_order_of_the_record() {
    let tree = tree(&[("a", ""), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "gone"), ("f", "d")]);
    assert_eq!(tree.roots, [0, 4]);
    assert_eq!(tree.causes[4], Cause::NotOnRecord);
    let walked: Vec<_> = tree.walk().collect();
    assert_eq!(
        walked,
        [
            (0, 0, Place::Root),
            (1, 1, Place::Middle),
            (3, 1, Place::Only),
            (5, 1, Place::Only),
            (2, 1, Place::Last),
            (4, 0, Place::Root),
        ]
    );
}

#[test]
fn an_effect_may_be_on_record_before_its_cause() {
    let tree = tree(&[("effect", "cause"), ("cause", "")]);
    assert_eq!((tree.roots, tree.causes[0].clone()), (vec![1], Cause::Known(1)));
}

#[test]
fn causes_that_go_in_a_circle_are_cut_at_the_first_event_of_it() {
    let itself = tree(&[("a", "a")]);
    assert_eq!((itself.causes, itself.roots), (vec![Cause::Circle(0)], vec![0]));
    // The way into the circle is no part of it.
    let with_tail = tree(&[("tail", "c"), ("a", "c"), ("b", "a"), ("c", "b")]);
    assert_eq!(with_tail.roots, [1]);
    assert_eq!(with_tail.causes[1], Cause::Circle(3));
    assert_eq!(with_tail.walk().count(), 4);
}

#[test]
fn of_several_events_with_the_id_of_a_cause_the_likeliest_is_taken() {
    let of = |nodes: &[Node]| Tree::of(nodes, |_, _| Cause::NotOnRecord).causes;
    let same_source = [
        node(0, "/s", "x", ""),
        node(1, "/t", "x", ""),
        node(2, "/s", "effect", "x"),
        node(3, "/u", "effect", "x"),
        node(4, "/v", "x", ""),
    ];
    let causes = of(&same_source);
    assert_eq!(causes[2], Cause::Known(0), "the one of the same source");
    assert_eq!(causes[3], Cause::Known(1), "else the nearest before, though one after is as near");
}

#[test]
fn a_chain_of_a_hundred_thousand_is_walked_without_a_deep_stack() {
    let length = 100_000;
    let ids: Vec<String> = (0..=length).map(|n| format!("e{n}")).collect();
    let chain: Vec<(&str, &str)> =
        (0..length).map(|n| (&*ids[n], if n == 0 { "" } else { &*ids[n - 1] })).collect();
    assert_eq!(tree(&chain).walk().count(), length);
    let circle: Vec<(&str, &str)> =
        (0..length).map(|n| (&*ids[n], &*ids[(n + 1) % length])).collect();
    let circle = tree(&circle);
    assert_eq!((circle.roots.len(), circle.walk().count()), (1, length));
}

proptest! {
    #[test]
    fn whatever_is_said_of_causes_each_event_is_walked_once_and_below_its_cause(
        said in prop::collection::vec((0..12_usize, prop::option::of(0..12_usize), 0..2_u8), 0..12),
    ) {
        let nodes: Vec<Node> = said
            .iter()
            .enumerate()
            .map(|(n, (id, cause, source))| {
                let cause = cause.map_or(String::new(), |cause| format!("e{cause}"));
                node(n, &format!("/s{source}"), &format!("e{id}"), &cause)
            })
            .collect();
        let tree = Tree::of(&nodes, |_, _| Cause::NotOnRecord);
        let walked: Vec<usize> = tree.walk().map(|(node, _, _)| node).collect();
        let mut sorted = walked.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..nodes.len()).collect::<Vec<_>>());
        let at = |node: usize| walked.iter().position(|walked| *walked == node).unwrap();
        for (n, cause) in tree.causes.iter().enumerate() {
            match cause {
                Cause::Known(cause) => prop_assert!(at(*cause) < at(n)),
                Cause::Circle(cause) => prop_assert!(at(n) <= at(*cause)),
                Cause::None => prop_assert_eq!(&nodes[n].causation_id, &None),
                _ => {
                    let named = nodes[n].causation_id.as_ref();
                    prop_assert!(nodes.iter().all(|node| Some(&node.event_id) != named));
                }
            }
        }
    }
}
