//! What a child and the bench that started it say to each other: lines, on standard input and output.

use std::io::BufRead as _;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The lines of the parent. When it is gone, so is the child.
#[derive(Debug)]
pub struct Parent(UnboundedReceiver<String>);

impl Parent {
    pub fn listen() -> Self {
        let (sender, receiver) = unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let _ = sender.send(line.unwrap());
            }
            std::process::exit(0);
        });
        Self(receiver)
    }

    pub async fn hear(&mut self) -> String {
        match self.0.recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }
}
