//! Sign-in to the other registry: each user has a client and a cache of their own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::remote::{PATIENCE, REQUESTS, Remote, Size};
use crate::auth::Secret;
use crate::client::{Class, Client};
use crate::web::{Answering, Authenticator, Fault, Source};

/// How long a page waits for the answer whether the registry requires a sign-in.
const QUESTION: Duration = Duration::from_secs(3);

/// Creates the sources of the pages: one for everybody, and one for each user.
pub(super) struct Remotes {
    client: Arc<Client>,
    /// Requests of all together.
    slots: Arc<Semaphore>,
    age: Duration,
}

impl Remotes {
    /// Sources from the registry of `client`, whose answers are cached for `age`.
    pub(super) fn new(client: Arc<Client>, age: Duration) -> Self {
        Self {
            client,
            slots: Arc::new(Semaphore::new(REQUESTS)),
            age,
        }
    }

    /// The registry as seen with the credentials of this process.
    pub(super) fn shared(&self) -> Remote {
        self.remote(Arc::clone(&self.client), Size::Shared)
    }

    fn remote(&self, client: Arc<Client>, size: Size) -> Remote {
        Remote::new(client, Arc::clone(&self.slots), self.age, size)
    }
}

impl Authenticator for Remotes {
    fn asks(&self) -> BoxFuture<'_, Option<bool>> {
        async {
            let asked = timeout(QUESTION, self.client.asks_for_sign_in()).await;
            asked.ok()?.ok()
        }
        .boxed()
    }

    fn sign_in<'a>(
        &'a self,
        user: &'a str,
        password: &'a Secret,
    ) -> Answering<'a, Option<Arc<dyn Source>>> {
        async move {
            match timeout(PATIENCE, self.client.of_user(user, password.reveal())).await {
                Ok(Ok(client)) => {
                    let remote = self.remote(Arc::new(client), Size::OfUser);
                    Ok(Some(Arc::new(remote) as Arc<dyn Source>))
                }
                Ok(Err(error)) if error.class() == Class::Denied => Ok(None),
                Ok(Err(error)) => Err(Fault::Upstream(error.to_string())),
                Err(_) => Err(Fault::Upstream(format!(
                    "{} has not answered for {} s",
                    self.client.registry(),
                    PATIENCE.as_secs()
                ))),
            }
        }
        .boxed()
    }
}
