//! `shuqiao serve` and `shuqiao init`.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use base::{Ctx, PageQuery, Role};
use identity::institutions::{InstitutionForm, InstitutionQuery, Kind};
use identity::people::PersonForm;
use server::{Config, Platform};
use tokio::net::TcpListener;

pub async fn serve(config: Config) -> Result<()> {
    let listener = TcpListener::bind(&config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let platform = Platform::start(config, Ctx::system()).await?;
    let background = platform.spawn().await?;
    tracing::info!(address = %listener.local_addr()?, "ready");
    serve_on(listener, &platform).await?;
    background.stop().await;
    platform.close().await?;
    Ok(())
}

/// Answers until asked to stop; calls under way are finished.
pub async fn serve_on(listener: TcpListener, platform: &Platform) -> Result<()> {
    let app = server::router(platform.state()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(asked_to_stop())
        .await?;
    Ok(())
}

pub async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

/// On a node that has no institution yet. Doing it again changes nothing.
pub async fn init(config: Config, authority: &str, login: &str, password: &str) -> Result<()> {
    let platform = Platform::start(config, Ctx::system()).await?;
    first_administrator(&platform, authority, login, password).await?;
    platform.close().await?;
    Ok(())
}

pub async fn first_administrator(platform: &Platform, authority: &str, login: &str, password: &str) -> Result<()> {
    let ctx = Ctx::system();
    let identity = &platform.state().identity;
    let none = PageQuery::default();
    if !identity
        .institutions(&ctx, InstitutionQuery::default(), none)
        .await?
        .items
        .is_empty()
    {
        tracing::info!("the node has institutions already; nothing was changed");
        return Ok(());
    }
    let home = InstitutionForm {
        name: authority.to_owned(),
        short_name: authority.to_owned(),
        kind: Kind::Authority,
        division: None,
        parent_id: None,
        uscc: None,
        responsible: Default::default(),
    };
    let home = identity.create_institution(&ctx, home).await?;
    let person = PersonForm {
        institution_id: home.id,
        name: "平台管理员".into(),
        login: login.to_owned(),
        password: password.to_owned(),
        roles: vec![Role::Administrator],
    };
    identity.create_person(&ctx, person).await?;
    tracing::info!(login, "the authority and its administrator are there");
    Ok(())
}
