//! `retention plan`: what would be removed now, and what holds the rest back.

use application::retention::{PlanRetention, RetentionPlan};
use chrono::Utc;
use domain::audit::retention::{RetentionPolicy, RetentionRules};

use crate::cli::output::{Format, Printer, RetentionRow};
use crate::cli::retention_args::{RetentionCommand, RulesArgs};
use crate::cli::{Context, Failure};
use crate::settings::AuditSettings;

pub(super) async fn run(command: RetentionCommand, context: Context<'_>) -> Result<(), Failure> {
    let RetentionCommand::Plan { rules, output } = command;
    let rules = of(rules, &context.settings.settings.audit);
    let plan = plan(&rules, &context).await?;
    let console = context.console;
    let format = Format::or_default(output.format, console.person_reads_results);
    let mut printer = Printer::of::<RetentionRow<'_>>(format);
    for row in RetentionRow::of(&plan) {
        printer.row(&row, console)?;
    }
    printer.finish(console)?;
    if rules.keep_for_ever() {
        console.explain_line("everything is kept: no setting says for how many days");
    } else if plan.expired.is_none() {
        console.explain_line("nothing is old enough to go");
    }
    if let Err(below) = rules.above_floor() {
        console.explain_line(&format!("note: `prune` refuses: {below}"));
    }
    Ok(())
}

/// The rules of the settings, with what is said in this call.
pub(super) fn of(args: RulesArgs, settings: &AuditSettings) -> RetentionRules {
    let mut rules = settings.retention_rules();
    if let Some(days) = args.older_than_days {
        rules.otherwise = RetentionPolicy::from_days(days);
    }
    rules
}

/// What the rules would let go, as the record is now.
pub(super) async fn plan(
    rules: &RetentionRules,
    context: &Context<'_>,
) -> Result<RetentionPlan, Failure> {
    let log = context.read_log().await?;
    let subscriptions = context.read_subscriptions().await?;
    let holds = context.read_legal_holds().await?;
    let plan = PlanRetention::new(log, subscriptions, holds).plan(rules, Utc::now()).await;
    plan.map_err(|error| Failure::because("nothing can be said of retention", error))
}
