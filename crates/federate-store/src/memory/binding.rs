//! The binding in memory: nobody copies that, but it can be held back.

use super::{Shared, lock};
use crate::{Binding, Hold, StoreError};

#[derive(Debug, Default)]
pub(super) struct State {
    instance: Option<String>,
    pub(super) hold: Option<Hold>,
}

#[async_trait::async_trait]
impl Binding for Shared {
    async fn bind(&self, instance: &str) -> Result<String, StoreError> {
        let mut state = lock(&self.binding);
        Ok(state.instance.get_or_insert_with(|| instance.to_owned()).clone())
    }

    async fn rebind(&self, instance: &str) -> Result<(), StoreError> {
        lock(&self.binding).instance = Some(instance.to_owned());
        Ok(())
    }

    async fn instance(&self) -> Result<Option<String>, StoreError> {
        Ok(lock(&self.binding).instance.clone())
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        Ok(lock(&self.binding).hold)
    }

    async fn hold_back(&self) -> Result<(), StoreError> {
        lock(&self.binding).hold.get_or_insert(Hold::Restored);
        Ok(())
    }

    async fn allow(&self) -> Result<(), StoreError> {
        lock(&self.binding).hold = None;
        Ok(())
    }
}
