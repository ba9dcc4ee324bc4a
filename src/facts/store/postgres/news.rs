//! Word of commits, from whichever replica: a connection that does nothing but listen.
//!
//! A notice is a hint to look, never the truth: whoever waits here reads the revision afterwards. So it does
//! no harm that one may be lost with the connection, nor that one comes for every commit of our own.

use std::{
    future::poll_fn,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio_postgres::{AsyncMessage, Error};

use crate::database::{address::Address, server::told};

/// PostgreSQL's channel of the notices.
pub(super) const CHANNEL: &str = "mandat";

/// Pause before connecting again.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether anything was heard since somebody last waited.
#[derive(Default)]
pub(super) struct News {
    heard: Mutex<bool>,
    arrived: Condvar,
}

impl News {
    fn arrive(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.arrived.notify_all();
    }

    /// Waits for news, or for that long.
    pub(super) fn wait(&self, at_most: Duration) {
        let began = Instant::now();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        while !*heard {
            let left = at_most.saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            heard = self.arrived.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *heard = false;
    }
}

/// Listens for ever; a connection that is lost is made again.
pub(super) async fn listen(address: Arc<Address>, news: Arc<News>) {
    loop {
        if let Err(error) = listen_once(&address, &news).await {
            tracing::debug!(store = %address.name, error = %told(&error), "notices of commits are interrupted");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(address: &Address, news: &Arc<News>) -> Result<(), Error> {
    let (client, mut connection) = address.config.connect(address.tls.clone()).await?;
    let heard = news.clone();
    let listening = tokio::spawn(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message? {
                heard.arrive();
            }
        }
        Ok(())
    });
    client.batch_execute(&format!("listen {CHANNEL}")).await?;
    // What was announced while nobody listened was not heard.
    news.arrive();
    listening.await.unwrap_or(Ok(()))
}
