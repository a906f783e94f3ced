//! Names for ids, for the crates below `identity`.

use std::collections::HashMap;

use async_trait::async_trait;
use base::Result;
use identity::Identity;
use procedure::Directory;

pub struct Names(pub Identity);

#[async_trait]
impl Directory for Names {
    async fn names(&self, ids: &[String]) -> Result<HashMap<String, String>> {
        let mut names = self.0.actor_names(ids.iter().cloned()).await?;
        let institutions = self.0.institution_names(ids.iter().cloned()).await?;
        names.extend(institutions.into_iter().map(|(id, (name, _))| (id, name)));
        Ok(names)
    }
}
