//! Requests and what comes of them: an answer, or a problem that the session knows what to do with.

use super::{Run, unwell};
use crate::app::AppError;
use crate::sync::{Method, Request, Response};
use crate::wire::{Problem, ProblemKind, ReadMessage};

/// What came of a request.
enum Answer {
    Ok(Response),
    Problem(ProblemKind),
}

impl Run<'_> {
    pub(super) fn get(&mut self, path: String) -> Result<Option<Response>, AppError> {
        let headers = self.bearer();
        match self.send(&Request { method: Method::Get, path, headers, body: Vec::new() })? {
            Answer::Ok(response) => Ok(Some(response)),
            Answer::Problem(problem) => {
                self.exchange.on_problem(&problem);
                Ok(None)
            }
        }
    }

    pub(super) fn ask<T: ReadMessage>(
        &mut self,
        method: Method,
        path: String,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Option<T>, AppError> {
        headers.push(("content-type", "application/json".to_owned()));
        match self.send(&Request { method, path, headers, body })? {
            Answer::Ok(response) => T::read(&response.body).map(Some).map_err(|_| unwell()),
            Answer::Problem(problem) => {
                self.exchange.on_problem(&problem);
                Ok(None)
            }
        }
    }

    pub(super) fn bearer(&self) -> Vec<(&'static str, String)> {
        vec![("authorization", format!("Bearer {}", self.token))]
    }

    fn send(&mut self, request: &Request) -> Result<Answer, AppError> {
        self.round_trips += 1;
        let response = self.transport.send(request)?;
        if response.status == 200 {
            return Ok(Answer::Ok(response));
        }
        let after_ms = response
            .retry_after
            .map_or(0, |seconds| i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let problem = Problem::read(&response.body).map(|problem| problem.kind);
        Ok(Answer::Problem(match (response.status, problem) {
            (413, _) => ProblemKind::TooLarge,
            (429 | 502..=504, _) => ProblemKind::TryLater { after_ms },
            (_, Ok(kind)) => kind,
            (_, Err(_)) => ProblemKind::Unknown,
        }))
    }
}
