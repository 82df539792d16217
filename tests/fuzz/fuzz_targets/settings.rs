//! Fuzzes `indelible_properties::settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| indelible_properties::settings(input));
