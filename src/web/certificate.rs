//! The state of the server's certificate, for administrators.

use maud::{Markup, html};

use super::format;
use super::frame::Frame;
use super::{Fault, Pages, Request};
use crate::admin::{
    Answer, CertificateOrigin, CertificateReport, CertificateState, DateProblem, Operation,
};
use crate::clock::Clock;
use crate::oci::Action;

/// Asks the server about its certificate; `None` for who is no administrator, and where it speaks
/// plain HTTP.
pub(super) async fn state(
    pages: &Pages,
    request: &Request,
) -> Result<Option<CertificateState>, Fault> {
    if !request.visitor.is_admin() {
        return Ok(None);
    }
    let begun = pages.begin(request, &Action::Inspect, Operation::Certificate);
    let mut answers = begun.await?;
    while let Some(answer) = answers.recv().await {
        match answer {
            Answer::Report(report) => {
                let report = CertificateReport::try_from(*report);
                let report = report.map_err(|failure| Fault::failed(&failure))?;
                return Ok(report.certificate);
            }
            Answer::Failure(failure) => return Err(Fault::failed(&failure)),
            _ => {}
        }
    }
    Err(Fault::Failed)
}

/// The section about a certificate.
pub(super) fn section(frame: &Frame<'_>, state: &CertificateState) -> Markup {
    let text = frame.upkeep;
    let now = Clock::system().now();
    let age = |at| format::age(frame.language, at, now);
    let problem = state.authority_problem(now).map(|problem| match problem {
        DateProblem::NotYet => text.authority_not_yet,
        DateProblem::NearEnd => text.authority_near_end,
        DateProblem::Ended => text.authority_ended,
    });
    let origin = match state.origin {
        CertificateOrigin::Files => text.from_files,
        CertificateOrigin::SelfSigned => text.self_signed,
        CertificateOrigin::Acme if state.temporary => text.temporary,
        CertificateOrigin::Acme => text.from_acme,
    };
    html! {
        section {
            h2 { (text.certificate) }
            @if let Some(failure) = &state.failure {
                p class="notice bad" role="status" {
                    (text.renewal_failed) " " (age(failure.at)) ": " (failure.message)
                }
            }
            @if let Some(problem) = problem {
                p class="notice bad" role="status" { (problem) }
            } @else if state.near_end && !state.temporary {
                p class="notice bad" role="status" { (text.near_end) }
            }
            dl class="figures" {
                div { dt { (text.origin) } dd { (origin) } }
                div { dt { (text.names) } dd class="mono" { (state.names.join(", ")) } }
                div { dt { (text.issuer) } dd { (state.issuer) } }
                @if let Some(authority) = &state.authority {
                    div { dt { (text.authority) } dd class="mono break" { (authority) } }
                }
                @if let Some(ends) = state.authority_ends {
                    div { dt { (text.authority_until) } dd { (format::time(ends)) } }
                }
                div { dt { (text.valid_until) } dd { (format::time(state.ends)) } }
                @if let Some(renewed) = state.renewed.filter(|_| !state.temporary) {
                    div { dt { (text.renewed) } dd { (age(renewed)) } }
                }
                @if let Some(next) = state.next_renewal {
                    div { dt { (text.next_renewal) } dd { (format::time(next)) } }
                }
            }
        }
    }
}
