//! Decisions in memory.

use super::{Shared, lock};
use crate::{Rule, Rules, Ruling, StoreError};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct State {
    decisions: Vec<Rule>,
}

impl State {
    fn last(&self, host: &str) -> Option<&Rule> {
        self.decisions.iter().rev().find(|rule| rule.host == host)
    }
}

#[async_trait::async_trait]
impl Rules for Shared {
    async fn decide(&self, rules: &[Rule]) -> Result<u64, StoreError> {
        let mut state = lock(&self.rules);
        for rule in rules {
            let known = state.last(&rule.host);
            if known.is_none_or(|last| !last.says_the_same(rule)) {
                state.decisions.push(rule.clone());
            }
        }
        Ok(state.decisions.len() as u64)
    }

    async fn version(&self) -> Result<u64, StoreError> {
        Ok(lock(&self.rules).decisions.len() as u64)
    }

    async fn ruling(&self) -> Result<Ruling, StoreError> {
        let state = lock(&self.rules);
        let last: BTreeMap<&str, &Rule> = state
            .decisions
            .iter()
            .map(|rule| (rule.host.as_str(), rule))
            .collect();
        Ok(Ruling {
            version: state.decisions.len() as u64,
            rules: last.into_values().cloned().collect(),
        })
    }

    async fn history(
        &self,
        host: Option<&str>,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<(u64, Rule)>, StoreError> {
        let state = lock(&self.rules);
        let count = state.decisions.len() as u64;
        let wanted = (1..=count)
            .rev()
            .zip(state.decisions.iter().rev())
            .filter(|(number, rule)| {
                before.is_none_or(|before| *number < before) && host.is_none_or(|host| rule.host == host)
            })
            .take(max);
        Ok(wanted.map(|(number, rule)| (number, rule.clone())).collect())
    }
}
