//! Fuzzes `indelible_properties::redaction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| indelible_properties::redaction(input));
