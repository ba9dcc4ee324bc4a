//! The least that axum can do: parse an evaluation, answer a constant. `benches/load.sh` measures the
//! service against it.

use axum::{Json, Router, http::header, response::IntoResponse, routing::post};
use mandat::http::wire::Evaluation;

async fn evaluation(Json(evaluation): Json<Evaluation>) -> impl IntoResponse {
    std::hint::black_box(evaluation);
    ([(header::CONTENT_TYPE, "application/json")], r#"{"decision":true}"#)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("the bare handler listens on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/access/v1/evaluation", post(evaluation))).await
}
