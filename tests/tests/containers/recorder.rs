//! A container that records what it is fed on its standard input.

use std::ops::Range;

use futures::StreamExt as _;
use testcontainers::bollard::Docker;
use testcontainers::bollard::container::{AttachContainerResults, LogOutput};
use testcontainers::bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, StopContainerOptionsBuilder,
    WaitContainerOptions,
};
use testcontainers::core::Mount;
use testcontainers::core::client::docker_client_instance;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};
use tokio::io::AsyncWriteExt as _;

use crate::engine::{Image, NAME, Volume};
use crate::told::{Told, lines};

/// The exit code of a process that was killed.
const KILLED: i64 = 128 + 9;

/// The exit code of the program when it was asked to stop.
pub(crate) const ASKED_TO_STOP: i64 = 130;

/// Events in one piece of input: small, so that a kill finds many different batches under way.
const PIECE: usize = 10;

/// A container from `image` that may do no more than it has to.
pub(crate) fn hardened(image: &Image) -> ContainerRequest<GenericImage> {
    GenericImage::new(NAME, &image.tag)
        .with_readonly_rootfs(true)
        .with_network("none")
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges")
        .with_label(NAME, "")
}

/// A container with `record --receipts` on a volume.
pub(crate) struct Recorder {
    pub(crate) container: ContainerAsync<GenericImage>,
    docker: Docker,
}

impl Recorder {
    pub(crate) async fn start(image: &Image, volume: &Volume) -> Self {
        let container = hardened(image)
            .with_cmd(["record", "--receipts", "-"])
            .with_open_stdin(true)
            .with_mount(Mount::volume_mount(&volume.name, "/data"))
            .start()
            .await
            .unwrap_or_else(|error| panic!("the container does not start: {error}"));
        let docker = docker_client_instance().await.expect("the engine answered just now");
        Self { container, docker }
    }

    /// Starts the same container again, on the same volume.
    pub(crate) async fn restart(&self) {
        self.container.start().await.expect("a container can be started again");
    }

    /// Feeds it these events and kills it once it has printed so many receipts. Returns all that
    /// it had printed.
    pub(crate) async fn killed_after(&self, receipts: usize, events: Range<usize>) -> Vec<Told> {
        let kill = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        let (told, code) = self
            .ended_after(receipts, events, || self.docker.kill_container(self.id(), Some(kill)))
            .await;
        assert_eq!(code, KILLED, "it ended by itself: {}", self.explanations().await);
        told
    }

    /// As [`Recorder::killed_after`], but asked to stop as a supervisor asks, and with time to do
    /// so. Returns its exit code as well.
    pub(crate) async fn stopped_after(
        &self,
        receipts: usize,
        events: Range<usize>,
    ) -> (Vec<Told>, i64) {
        let stop = StopContainerOptionsBuilder::new().t(30).build();
        self.ended_after(receipts, events, || self.docker.stop_container(self.id(), Some(stop)))
            .await
    }

    async fn ended_after<F>(
        &self,
        receipts: usize,
        events: Range<usize>,
        end: impl FnOnce() -> F,
    ) -> (Vec<Told>, i64)
    where
        F: Future<Output = Result<(), testcontainers::bollard::errors::Error>>,
    {
        let options = AttachContainerOptionsBuilder::new().stdin(true).stdout(true).stream(true);
        let AttachContainerResults { output, mut input } = self
            .docker
            .attach_container(self.id(), Some(options.build()))
            .await
            .expect("a running container can be attached to");
        let feeding = tokio::spawn(async move {
            for first in events.clone().step_by(PIECE) {
                let piece = lines(first..(first + PIECE).min(events.end));
                if input.write_all(piece.as_bytes()).await.is_err() {
                    return;
                }
            }
            // Held open: the container must not find the end of its input before its own.
            std::future::pending::<()>().await;
        });
        let mut output = output;
        let mut printed = Vec::new();
        while count_lines(&printed) < receipts {
            match output.next().await {
                Some(Ok(LogOutput::StdOut { message })) => printed.extend_from_slice(&message),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("what it prints cannot be read: {error}"),
                None => panic!("it ended by itself: {}", self.explanations().await),
            }
        }
        end().await.expect("a running container can be ended");
        // What had been printed before the end counts as well.
        while let Some(Ok(piece)) = output.next().await {
            if let LogOutput::StdOut { message } = piece {
                printed.extend_from_slice(&message);
            }
        }
        let code = self.exit_code().await;
        feeding.abort();
        let text = String::from_utf8_lossy(&printed);
        (text.lines().filter_map(Told::from_line).collect(), code)
    }

    fn id(&self) -> &str {
        self.container.id()
    }

    /// Waits for the container's end.
    async fn exit_code(&self) -> i64 {
        let options = None::<WaitContainerOptions>;
        // An error here is an exit code that is not 0, which is read below.
        let _ = self.docker.wait_container(self.id(), options).next().await;
        let code = self.container.exit_code().await.expect("the engine knows its containers");
        code.expect("it has ended")
    }

    /// What the container said on its standard error.
    async fn explanations(&self) -> String {
        let bytes = self.container.stderr_to_vec().await.unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn count_lines(printed: &[u8]) -> usize {
    printed.split(|byte| *byte == b'\n').count() - 1
}
