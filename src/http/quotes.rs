//! What an order costs, over HTTP.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{
    body, callers::Caller, inquiry::Inquiry, problem_details::ProblemDetails, quote_answer::QuoteAnswer,
    service::Service, trace::Trace, wire,
};

/// What does the order cost, and may it be placed?
///
/// Terms and management come from the facts by the partnership's id, or are stated by a caller that is the source of
/// truth. A denied order has its decision, explained, and no price. Amounts are strings, net of tax.
#[utoipa::path(
    post, path = "/v1/quotes", tag = "Pricing", request_body = wire::order::OrderDocument,
    responses(
        (status = 200, description = "The price, or the denial", body = QuoteAnswer),
        (status = 400, description = "The order cannot be read; names the field", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The order has no price: unknown product, currency, date without a tariff …", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 500, description = "A failure of the service", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn quotes(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ProblemDetails> {
    let active = service.active()?;
    let trace = Trace::of(request.headers());
    let body = body::read(request, &service.settings).await?;
    let at_least = wire::order::at_least_revision(&body)?;
    let inquiry = Inquiry::begin(&service, active, caller, trace, at_least).await?;
    Ok(inquiry.settle(inquiry.quote(body)).await)
}
