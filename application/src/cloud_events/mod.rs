//! CloudEvents 1.0 JSON: reading events in, writing recorded ones out.
