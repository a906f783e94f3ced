//! Who finds what, and how it is counted and exported.

use super::*;

#[tokio::test]
async fn drafts_are_seen_by_their_own_unit_and_the_authority_only() {
    for f in fixtures().await {
        let draft = f.draft(titled("未发布的草稿")).await;
        f.published(titled("已发布的资源")).await;
        let id = &draft.head.id;
        assert_eq!(
            f.catalog
                .resource(&f.applicant(), id, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let save = SaveResource {
            revision: 1,
            document: complete(),
        };
        let stranger = f.person("stranger", &f.other, Role::Cataloguer);
        assert_eq!(
            f.catalog.save(&stranger, id, save).await.err().map(|e| e.kind.status),
            Some(404)
        );
        assert_eq!(f.found(&f.applicant(), "发布").await, ["已发布的资源"]);
        assert_eq!(f.found(&f.cataloguer(), "发布").await.len(), 2);
        assert_eq!(f.found(&f.reviewer(), "发布").await.len(), 2);
        let anonymous = f.ctx.as_actor(Actor::Anonymous);
        let refused = f
            .catalog
            .list(&anonymous, &ResourceFilter::default(), &Default::default())
            .await
            .unwrap_err();
        assert_eq!(refused.kind.status, 401);
        f.close().await;
    }
}

#[tokio::test]
async fn the_index_and_the_detail_page_agree_on_who_sees_what() {
    use crate::search::{SearchQuery, Sort, Viewer};
    for f in fixtures().await {
        f.draft(titled("甲")).await;
        f.submitted(titled("乙")).await;
        let entry = f.published(titled("丙")).await;
        f.catalog
            .revise(&f.cataloguer(), &entry.head.id, AtRevision::default())
            .await
            .expect("revising");
        let gone = f.published(titled("丁")).await;
        let withdraw = Withdraw {
            reason: "职责调整".into(),
            revision: None,
        };
        f.catalog
            .withdraw(&f.cataloguer(), &gone.head.id, withdraw)
            .await
            .expect("withdrawn");
        let mut closed = titled("戊");
        closed.opening.attribute = Some(OpeningAttribute::Prohibited);
        closed.opening.grounds = vec!["public_interest".into()];
        closed.opening.reason = Some("公共利益".into());
        f.published(closed).await;
        f.followers.catch_up().await.expect("the index follows");

        let unit = |id: &InstitutionId| Viewer::Unit(id.clone());
        for viewer in [
            Viewer::All,
            unit(&f.provider),
            unit(&f.other),
            Viewer::SignedIn,
            Viewer::Public,
        ] {
            let query = SearchQuery {
                q: String::new(),
                viewer: viewer.clone(),
                chosen: vec![],
                sort: Sort::Title,
                cursor: None,
                limit: 50,
                facets: false,
            };
            let mut indexed = f.catalog.search(query).await.expect("the search runs").ids;
            let all = crate::store::entries_after(f.store.conn(), "", 50)
                .await
                .expect("entries");
            let mut seen = vec![];
            for entry in all {
                let number = crate::access::shown_version(entry.state);
                let row = crate::store::version(f.store.conn(), &entry.id, number)
                    .await
                    .expect("a version")
                    .expect("one");
                let opening = crate::store::decode(&row).expect("a document").opening.attribute;
                if crate::access::sees(&viewer, &entry, opening) {
                    seen.push(entry.id.0);
                }
            }
            indexed.sort();
            seen.sort();
            assert_eq!(indexed, seen, "{viewer:?}");
        }
        f.close().await;
    }
}

#[tokio::test]
async fn cat_14_an_edit_is_found_and_the_index_is_built_again_when_it_is_gone() {
    for f in fixtures().await {
        let draft = f.draft(titled("旧的名称")).await;
        assert_eq!(f.found(&f.cataloguer(), "旧的").await, ["旧的名称"]);
        saved(f.save(&draft, titled("新的名称")).await.expect("saved"));
        assert_eq!(f.found(&f.cataloguer(), "新的").await, ["新的名称"]);
        assert_eq!(f.found(&f.cataloguer(), "旧的").await, Vec::<String>::new());

        let folder = f.folder.path().join("another-index");
        let again = Catalog::new(
            f.store.clone(),
            f.catalog.identity().clone(),
            f.catalog.procedures().clone(),
            &folder,
        )
        .expect("a second catalog on the same store");
        db::Followers::new(f.store.clone(), vec![again.follower()])
            .catch_up()
            .await
            .expect("the index is built");
        let filter = ResourceFilter {
            q: Some("新的".into()),
            ..ResourceFilter::default()
        };
        let page = again
            .list(&f.cataloguer(), &filter, &Default::default())
            .await
            .expect("a list");
        assert_eq!(page.total, 1);
        f.close().await;
    }
}

#[tokio::test]
async fn hostile_texts_stay_texts() {
    for f in fixtures().await {
        for text in [
            "<img src=x onerror=alert(1)>",
            "'; DROP TABLE catalog_resource; --",
            "=HYPERLINK(\"http://x\")",
            "{{7*7}}",
        ] {
            let entry = f.published(titled(text)).await;
            let read = f
                .catalog
                .resource(&f.applicant(), &entry.head.id, None)
                .await
                .expect("it is read");
            assert_eq!(read.head.title, text);
            f.found(&f.applicant(), text).await;
        }
        let foreign_id = ResourceId("res_' OR '1'='1".into());
        assert_eq!(
            f.catalog
                .resource(&f.reviewer(), &foreign_id, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let file = f
            .catalog
            .export(
                &f.applicant(),
                &ResourceFilter::default(),
                crate::export::ExportFormat::Csv,
            )
            .await;
        let text = String::from_utf8(file.expect("a file")).expect("UTF-8");
        assert!(text.contains("'=HYPERLINK") && !text.contains(",=HYPERLINK") && !text.contains("\"=HYPERLINK"));
        let xlsx = f
            .catalog
            .export(
                &f.applicant(),
                &ResourceFilter::default(),
                crate::export::ExportFormat::Xlsx,
            )
            .await;
        assert!(xlsx.expect("a workbook").starts_with(b"PK"));
        f.close().await;
    }
}

#[tokio::test]
async fn cat_13_and_cat_14_the_catalog_is_browsed_by_unit_and_library() {
    for f in fixtures().await {
        f.published(complete()).await;
        f.draft(complete()).await;
        f.followers.catch_up().await.expect("the index follows");
        let count = |units: &[crate::views::UnitNode]| units.iter().find(|u| u.id == f.provider).map(|u| u.count);
        assert_eq!(
            count(&f.catalog.units(&f.applicant()).await.expect("a tree")),
            Some(1),
            "the draft does not count"
        );
        assert_eq!(count(&f.catalog.units(&f.cataloguer()).await.expect("a tree")), Some(2));
        let libraries = f.catalog.libraries(&f.applicant()).await.expect("libraries");
        let theme = libraries
            .iter()
            .find(|l| l.code == "theme_social_security")
            .expect("the library");
        assert_eq!((libraries.len(), theme.count), (14, 1));
        let found = f.catalog.global(&f.applicant(), "社保").await.expect("a search");
        assert_eq!(found.institutions.len(), 1, "省人力社保厅");
        f.close().await;
    }
}

#[tokio::test]
async fn visits_requests_and_loads_are_counted() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = &entry.head.id;
        let mut tx = f.store.begin(&f.ctx).await.expect("a transaction");
        f.catalog.record_request(&tx, id).await.expect("counted");
        f.catalog
            .record_load(
                &tx,
                id,
                Load {
                    rows: 1_000_000,
                    at: f.ctx.now(),
                },
            )
            .await
            .expect("noted");
        tx.append(ledger::Entry::new("test.loaded", id.as_str()));
        tx.commit().await.expect("committed");
        let read = f.catalog.resource(&f.applicant(), id, None).await.expect("read");
        assert_eq!((read.head.requests, read.head.volume), (1, Some(1_000_000)));
        assert_eq!(read.head.last_update, Some(f.ctx.now()));
        for _ in 0..20 {
            f.catalog.visited(&f.applicant(), id.as_str());
        }
        while f
            .catalog
            .resource(&f.applicant(), id, None)
            .await
            .expect("read")
            .head
            .visits
            < 20
        {
            tokio::task::yield_now().await;
        }
        f.close().await;
    }
}
