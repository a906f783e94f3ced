//! Logs go to standard error; `RUST_LOG` chooses what, `SHUQIAO_LOG=json` how.

use tracing_subscriber::EnvFilter;

pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,datafusion=warn,deltalake=warn,deltalake_core=error,deltalake=error,delta_kernel=error,delta_kernel=warn,buoyant_kernel=warn,tantivy=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::env::var("SHUQIAO_LOG").is_ok_and(|v| v == "json") {
        builder.json().init();
    } else {
        builder.compact().with_target(false).init();
    }
}
