//! A bot that repeats what it is told. Find `@echo@bot.example`, follow it, mention it.
use federate::{Sqlite, prelude::*};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bot = Profile::bot("echo")
        .name("Echo")
        .summary("I repeat what you tell me.");
    let (federation, engine) = Federation::builder(
        "https://bot.example",
        Sqlite::open("bot.db").await?,
        Actors::new([bot]),
    )
    .manage_followers()
    .on::<Create<Note>>(|cx, create| async move {
        let note = create.object();
        for me in cx.mentioned(note) {
            let reply = cx
                .note(&me)
                .mention(create.by())
                .in_reply_to(note)
                .text(note.plain_text());
            cx.send(&me, Create::new(reply)).await?;
        }
        Ok(())
    })
    .build()
    .await?;
    let app = axum::Router::new().route("/", axum::routing::get(async || "@echo@bot.example"));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    federate::axum::serve(listener, app.layer(federation.layer()), engine).await?;
    Ok(())
}
