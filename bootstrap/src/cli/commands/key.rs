//! `key`: the keys that a record is signed with.

use domain::EventDraft;
use domain::events::AuditKeyRotated;
use domain::proof::Origin;
use domain::{Actor, Emit};
use infrastructure::signing::Ed25519Signer;

use super::proof::unsigned;
use crate::cli::proof_args::KeyCommand;
use crate::cli::{Context, Failure};
use crate::settings::known::KEY_VARIABLE;
use crate::wiring::open_tree_for_reading;

pub(super) async fn run(command: KeyCommand, context: Context<'_>) -> Result<(), Failure> {
    match command {
        KeyCommand::Show => show(context).await,
        KeyCommand::Rotate => rotate(context).await,
    }
}

/// The keys that were used, for whoever verifies. One that was made and has signed nothing is none.
async fn show(context: Context<'_>) -> Result<(), Failure> {
    let opened = open_tree_for_reading(&context.settings.settings).await;
    let (_, tree) =
        opened.map_err(|error| Failure::because("the audit log cannot be read", error))?;
    let keys = tree.keys().await.map_err(Failure::tree)?;
    if keys.is_empty() {
        return Err(unsigned());
    }
    keys.iter().try_for_each(|key| context.console.print_line(&key.verifier_key))
}

/// Announced first, and only then done: whoever comes in between finds the event, and the old key
/// still in use.
async fn rotate(context: Context<'_>) -> Result<(), Failure> {
    if std::env::var_os(KEY_VARIABLE).is_some_and(|key| !key.is_empty()) {
        return Err(Failure::Usage(format!(
            "the key in use comes from {KEY_VARIABLE}: change it there; the next checkpoint is signed with it"
        )));
    }
    let settings = &context.settings.settings;
    let file = settings.proof.key_file(&settings.audit.database_file());
    let app = context.start_on_record().await?;
    let outcome = async {
        let standing = app.tree().standing().await.map_err(Failure::tree)?;
        let failed = |error| Failure::because("the keys have no name", error);
        let origin = Origin::of_log(&standing.log_id).map_err(failed)?;
        let new = Ed25519Signer::generate()
            .map_err(|error| Failure::because("no new key could be made", error))?;
        let old_verifier = match app.signer().verifier_key(&origin) {
            Ok(old) => {
                // With the old key, while it is there.
                let failed =
                    |error| Failure::because("the last checkpoint of the old key failed", error);
                app.sign_checkpoint().await.map_err(failed)?;
                old.to_string()
            }
            // It is gone: what it was is known of what it has signed.
            Err(gone) => match app.tree().keys().await.map_err(Failure::tree)?.pop() {
                Some(last) => last.verifier_key,
                None => return Err(Failure::because("the keys cannot be named", gone)),
            },
        };
        let failed = |error| Failure::because("the keys cannot be named", error);
        let new_verifier = domain::ports::CheckpointSigner::verifier_key(&new, &origin)
            .map_err(failed)?
            .to_string();
        let event = AuditKeyRotated { old_verifier, new_verifier: new_verifier.clone() };
        let draft = EventDraft::from(event).by(Actor::system("indelible"));
        app.bus().emit(draft).await.map_err(|error| {
            Failure::because("the rotation could not be put on record, and was not done", error)
        })?;
        new.replace(&file).map_err(|error| {
            Failure::because("the rotation is on record, but the old key is still in use", error)
        })?;
        Ok::<_, Failure>((new, new_verifier))
    };
    let outcome = outcome.await;
    if outcome.is_err() {
        app.shutdown().await;
    } else {
        // The old key signs nothing any more, not even at the end.
        app.shutdown_unsigned().await;
    }
    let (_, verifier) = outcome?;
    let app = context.start_on_record().await?;
    let signed = app.sign_checkpoint().await;
    app.shutdown().await;
    signed.map_err(|error| {
        Failure::because("the new key is in use, and has signed nothing yet", error)
    })?;
    context.console.print_line(&verifier)?;
    context.console.explain_line(
        "programs that are running go on with the old key until they are started again\n\
         note: what the old key has signed is verified by the old public key, and what comes now by the new \
         one: give whoever verifies both, as `indelible key show` prints them; with all of them in one file, \
         that is `indelible verify --key FILE`",
    );
    Ok(())
}
