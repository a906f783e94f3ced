//! Step 1: who takes part.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::json;

use super::Stage;
use super::cast::{ADMINISTRATOR, AUTHORITY, CITIZEN, FIRM, INSTITUTIONS, PASSWORD, PEOPLE};
use super::client::{find, text};

pub async fn file(stage: &mut Stage) -> Result<String> {
    let admin = stage.as_person(ADMINISTRATOR).await?;
    let known = admin.get("/api/v1/institutions?limit=200").await?;
    let own = find(&known, |i| i["name"] == AUTHORITY);
    let own = own.map(|i| text(&i, "id").map(str::to_owned)).transpose()?;
    stage.state.put("institution.dsj", &own.unwrap_or_default())?;
    for (key, name, short_name, kind) in INSTITUTIONS {
        let id = match find(&known, |i| i["name"] == *name) {
            Some(found) => text(&found, "id")?.to_owned(),
            None => {
                let form = json!({
                    "name": name, "short_name": short_name, "kind": kind, "division": "330000",
                    "responsible": { "first": format!("{short_name}主要负责人"), "leader": format!("{short_name}分管负责人"), "managers": [format!("{short_name}数据处")] },
                });
                text(&admin.post("/api/v1/institutions", &form).await?, "id")?.to_owned()
            }
        };
        stage.state.put(&format!("institution.{key}"), &id)?;
    }
    let people = admin.get("/api/v1/people?limit=200").await?;
    for (login, name, institution, roles, _) in PEOPLE {
        if find(&people, |p| p["login"] == *login).is_some() {
            continue;
        }
        let form = json!({
            "institution_id": stage.state.get(&format!("institution.{institution}"))?,
            "name": name, "login": login, "password": PASSWORD, "roles": roles,
        });
        admin.post("/api/v1/people", &form).await?;
    }
    // a role that decides belongs to a body that decides
    let wrong = json!({
        "institution_id": stage.state.get("institution.rst")?, "name": "越位", "login": "yuewei", "password": PASSWORD, "roles": ["reviewer"],
    });
    let (status, code) = admin.refused(Method::POST, "/api/v1/people", Some(&wrong)).await?;
    ensure!(
        (status, code.as_str()) == (422, "invalid"),
        "a reviewer outside of the authority: {status} {code}"
    );
    Ok(format!(
        "{} 个机构、{} 名人员",
        INSTITUTIONS.len() + 1,
        PEOPLE.len() + 1
    ))
}

pub async fn register_data_users(stage: &mut Stage) -> Result<String> {
    let nobody = stage.anybody()?;
    let citizen = |number: &str| {
        json!({
            "kind": "natural", "name": CITIZEN.1, "document_type": "citizen_id", "document_number": number, "login": CITIZEN.0, "password": PASSWORD,
        })
    };
    let (status, _) = nobody
        .refused(Method::POST, "/api/v1/data-users", Some(&citizen("110105194912310021")))
        .await?;
    ensure!(status == 422, "a wrong check digit was answered {status}");
    let firm = json!({
        "kind": "legal", "name": FIRM.1, "document_type": "uscc", "document_number": firm_uscc()?, "login": FIRM.0, "password": PASSWORD,
    });
    for form in [citizen(CITIZEN.2), firm] {
        let response = nobody
            .request(Method::POST, "/api/v1/data-users")
            .json(&form)
            .send()
            .await?;
        // registered by an earlier run that ended before it could say so
        ensure!(
            response.status().is_success() || response.status() == 409,
            "registering answered {}",
            response.status()
        );
    }
    for login in [CITIZEN.0, FIRM.0] {
        let me = stage.as_person(login).await?.get("/api/v1/session").await?;
        ensure!(me["actor"]["kind"] == "data_user", "{login} is no data user: {me}");
    }
    Ok("证件校验位有误的注册被拒".into())
}

/// A code of the right form with the right check character.
pub fn firm_uscc() -> Result<String> {
    let first = "91330100MA2H1EX03";
    let organisation_check = base::codes::organisation_code_check(&first.as_bytes()[8..16]).map(char::from);
    let body: String = first[..16].to_owned() + &organisation_check.map(String::from).unwrap_or_default();
    let check = base::codes::uscc_check(body.as_bytes()).map(char::from);
    Ok(body + &check.map(String::from).unwrap_or_default())
}
