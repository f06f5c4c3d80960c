use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::out;
use crate::side::Named;
use crate::trouble::Trouble;

/// How long a step may take to be observed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The table: a row a step, printed as it is observed.
#[derive(Debug)]
pub(crate) struct Report {
    rows: usize,
    failures: Vec<String>,
    known: Vec<String>,
    notes: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        out(&format!(
            "{:<24} {:<22} {:<9} {:>6}",
            "step", "direction", "observed", "ms"
        ));
        Self {
            rows: 0,
            failures: Vec::new(),
            known: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Does something on one side and waits until the other side has observed it.
    ///
    /// `act` returns what `look` needs; `look` is asked again until it says yes. `None` if it never did.
    pub(crate) async fn step<T, A, L, F>(
        &mut self,
        step: &str,
        from: &dyn Named,
        to: &dyn Named,
        act: A,
        look: L,
    ) -> Option<T>
    where
        A: Future<Output = Result<T, Trouble>>,
        L: Fn(T) -> F,
        F: Future<Output = Result<bool, Trouble>>,
        T: Clone,
    {
        let begin = Instant::now();
        let result = match act.await {
            Ok(value) => observe(|| look(value.clone())).await.map(|()| value),
            Err(trouble) => Err(trouble),
        };
        let direction = format!("{} -> {}", from.name(), to.name());
        self.row(step, &direction, &result, begin.elapsed());
        result.ok()
    }

    /// A step that cannot be tried because what it stands on failed.
    pub(crate) fn broken(&mut self, step: &str, from: &dyn Named, to: &dyn Named, trouble: Trouble) {
        let direction = format!("{} -> {}", from.name(), to.name());
        self.row::<()>(step, &direction, &Err(trouble), Duration::ZERO);
    }

    /// A step that cannot be tried because an earlier one failed.
    pub(crate) fn not_reached(&mut self, step: &str, from: &dyn Named, to: &dyn Named) {
        let direction = format!("{} -> {}", from.name(), to.name());
        self.row::<()>(
            step,
            &direction,
            &Err(Trouble::new("an earlier step failed")),
            Duration::ZERO,
        );
    }

    /// A step that one of the two is known not to take. It is no failure, and counts as nothing.
    pub(crate) fn known(&mut self, step: &str, from: &dyn Named, to: &dyn Named, why: &str) {
        let direction = format!("{} -> {}", from.name(), to.name());
        out(&format!("{step:<24} {direction:<22} {:<9} {:>6}", "known", "-"));
        self.known.push(format!("{step}, {direction}: {why}"));
    }

    /// Text that helps to find out why.
    pub(crate) fn note(&mut self, title: &str, text: &str) {
        if !text.trim().is_empty() {
            self.notes.push((title.to_owned(), text.to_owned()));
        }
    }

    pub(crate) fn all_crossed(&self) -> bool {
        self.failures.is_empty() && self.rows > 0
    }

    pub(crate) fn finish(&self) {
        out(&format!(
            "\n{} of {} steps were observed",
            self.rows - self.failures.len(),
            self.rows
        ));
        for failure in &self.failures {
            out(&format!("  {failure}"));
        }
        for known in &self.known {
            out(&format!("  known, and not tried: {known}"));
        }
        for (title, text) in &self.notes {
            out(&format!("\n{title}:\n{text}"));
        }
    }

    fn row<T>(&mut self, step: &str, direction: &str, result: &Result<T, Trouble>, took: Duration) {
        self.rows += 1;
        let observed = if result.is_ok() { "yes" } else { "NO" };
        out(&format!(
            "{step:<24} {direction:<22} {observed:<9} {:>6}",
            took.as_millis()
        ));
        if let Err(trouble) = result {
            self.failures.push(format!("{step}, {direction}: {trouble}"));
        }
    }
}

/// Looks until it is so, for as long as a step may take.
pub(crate) async fn observe<F, L>(look: L) -> Result<(), Trouble>
where
    L: Fn() -> F,
    F: Future<Output = Result<bool, Trouble>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        let last = look().await;
        match last {
            Ok(true) => return Ok(()),
            _ if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            Ok(false) => return Err(Trouble::new(format!("not observed in {} s", PATIENCE.as_secs()))),
            Err(trouble) => return Err(trouble),
        }
    }
}
