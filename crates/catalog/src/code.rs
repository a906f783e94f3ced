//! 资源代码: division, organisation code of the provider, class of the subject,
//! serial, as `330000-MB1588765-03-000001`. Given once, never changed, never
//! given again, also where the subject changes later.

use base::Result;
use identity::institutions::Institution;
use sea_orm::ConnectionTrait;

use crate::store;

/// Class of an entry that has no subject yet.
const UNCLASSED: &str = "99";

pub async fn give(
    conn: &impl ConnectionTrait,
    provider: &Institution,
    division: &str,
    class: Option<&str>,
) -> Result<String> {
    let prefix = format!("{division}-{}-{}", organisation(provider), class.unwrap_or(UNCLASSED));
    let serial = store::next_serial(conn, &prefix).await?;
    Ok(format!("{prefix}-{serial:06}"))
}

/// The organisation code inside a USCC (characters 9 to 17); of an institution
/// without one, the end of its id, which is as stable.
fn organisation(provider: &Institution) -> String {
    let uscc = provider.uscc.as_deref().and_then(|u| u.get(8..17));
    let id = provider.id.as_str();
    uscc.unwrap_or_else(|| id.get(id.len().saturating_sub(9)..).unwrap_or(id))
        .to_ascii_uppercase()
}
