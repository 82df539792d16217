//! A flag for every setting, made from the table of settings.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::settings::known::KNOWN;

/// The settings that were given as flags: name and text.
#[derive(Clone, Debug, Default)]
pub(super) struct SettingFlags(pub(super) Vec<(String, String)>);

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        KNOWN.iter().fold(command, |command, setting| {
            let flag = Arg::new(setting.name)
                .long(setting.flag())
                .value_name(setting.placeholder)
                .help(format!("{} [env: {}]", setting.help, setting.variable()))
                .global(true)
                .help_heading("Settings");
            // One setting is named so often that it has a short name and a place in every help.
            if setting.name == "audit.database-url" {
                return command.arg(flag.visible_alias("database").short('d'));
            }
            command.arg(flag.hide_short_help(true))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = KNOWN.iter().filter_map(|setting| {
            let value = matches.get_one::<String>(setting.name)?;
            Some((setting.name.to_owned(), value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
