//! Fuzzes `indelible_properties::filters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| indelible_properties::filters(input));
