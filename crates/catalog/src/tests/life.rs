//! Drafting, reviewing, versions, withdrawal.

use super::*;

#[tokio::test]
async fn cat_1_the_institution_compiles_and_the_authority_of_its_level_reviews() {
    for f in fixtures().await {
        let entry = f.submitted(complete()).await;
        assert_eq!((entry.head.state.as_str(), entry.actions.len()), ("in_review", 0));
        let by_itself = f.review(&f.cataloguer(), &entry, "publish", None).await.unwrap_err();
        assert_eq!(by_itself.kind.status, 403, "nobody reviews their own");
        let silent = f.review(&f.reviewer(), &entry, "return", None).await.unwrap_err();
        assert_eq!(silent.kind.status, 422, "a return needs a reason");

        let returned = f
            .review(&f.reviewer(), &entry, "return", Some("共享条件不明确"))
            .await
            .expect("returned");
        assert_eq!(returned.head.state, "returned");
        let versions = f
            .catalog
            .versions(&f.cataloguer(), &entry.head.id)
            .await
            .expect("versions");
        assert_eq!(
            (versions[0].state.as_str(), versions[0].reason.as_deref()),
            ("returned", Some("共享条件不明确"))
        );

        let again = saved(
            f.save(&returned, titled("社会保险个人参保信息(修改)"))
                .await
                .expect("saved"),
        );
        assert_eq!((again.head.state.as_str(), again.head.version), ("draft", 2));
        let again = f
            .catalog
            .submit(&f.cataloguer(), &entry.head.id, AtRevision::default())
            .await
            .expect("submitted");
        let published = f
            .review(&f.reviewer(), &again, "publish", None)
            .await
            .expect("published");
        assert_eq!(
            (published.head.state.as_str(), published.head.version),
            ("published", 2)
        );

        let kinds: Vec<String> = f
            .store
            .entries_of(entry.head.id.as_str())
            .await
            .expect("entries")
            .into_iter()
            .map(|e| e.kind)
            .collect();
        for kind in [
            "catalog.created",
            "catalog.submitted",
            "catalog.returned",
            "catalog.edited",
            "catalog.published",
        ] {
            assert!(kinds.iter().any(|k| k == kind), "{kind} is missing from {kinds:?}");
        }
        f.close().await;
    }
}

#[tokio::test]
async fn cat_1_of_two_reviewers_who_decide_at_once_one_wins() {
    for f in fixtures().await {
        let entry = f.submitted(complete()).await;
        let second = f.person("second", &f.authority, Role::Reviewer);
        let first = f.reviewer();
        let (a, b) = tokio::join!(
            f.review(&first, &entry, "publish", None),
            f.review(&second, &entry, "return", Some("理由")),
        );
        assert!(a.is_ok() != b.is_ok(), "exactly one decision counts");
        let refused = a.err().or(b.err()).expect("one is refused");
        assert_eq!(refused.kind.status, 409, "{refused}");
        let decided = f.store.entries_of(entry.head.id.as_str()).await.expect("entries");
        let decisions = decided
            .iter()
            .filter(|e| matches!(e.kind.as_str(), "catalog.published" | "catalog.returned"));
        assert_eq!(decisions.count(), 1);
        f.close().await;
    }
}

#[tokio::test]
async fn cat_2_an_incomplete_entry_is_kept_as_a_draft_and_told_what_it_lacks_when_submitted() {
    for f in fixtures().await {
        let draft = f
            .draft(Document {
                title: "草稿".into(),
                ..Document::default()
            })
            .await;
        assert!(
            draft.head.code.starts_with("330000-") && draft.head.code.ends_with("-99-000001"),
            "{}",
            draft.head.code
        );
        let refused = f
            .catalog
            .submit(&f.cataloguer(), &draft.head.id, AtRevision::default())
            .await
            .unwrap_err();
        assert_eq!(refused.kind.status, 422);
        assert!(
            refused.fields.iter().any(|e| e.field == "sharing.attribute"),
            "{:?}",
            refused.fields
        );
        let still = f
            .catalog
            .resource(&f.cataloguer(), &draft.head.id, None)
            .await
            .expect("the draft");
        assert_eq!((still.head.state.as_str(), still.head.revision), ("draft", 1));
        f.close().await;
    }
}

#[tokio::test]
async fn cat_2_codes_are_unique_and_stay() {
    for f in fixtures().await {
        let mut codes = vec![];
        for n in 0..5 {
            codes.push(f.draft(titled(&format!("资源{n}"))).await.head.code);
        }
        let first = f.draft(titled("改领域")).await;
        let mut document = titled("改领域");
        document.subject = "market".into();
        let moved = saved(f.save(&first, document).await.expect("saved"));
        assert_eq!(moved.head.code, first.head.code, "a code does not follow its subject");
        codes.push(moved.head.code);
        let count = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), count);
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_every_version_is_kept_and_any_two_compare() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = entry.head.id.clone();
        let revising = f
            .catalog
            .revise(&f.cataloguer(), &id, AtRevision::default())
            .await
            .expect("revising");
        assert_eq!((revising.head.state.as_str(), revising.head.version), ("revising", 2));
        assert_eq!(revising.items, entry.items, "items keep their ids");
        let mut next = complete();
        next.items[1].title = "参保人姓名".into();
        saved(f.save(&revising, next).await.expect("saved"));

        let other = f
            .catalog
            .resource(&f.applicant(), &id, None)
            .await
            .expect("others see it");
        assert_eq!(
            (other.head.state.as_str(), other.head.version),
            ("published", 1),
            "the published version stays in force"
        );
        assert_eq!(
            f.catalog
                .resource(&f.applicant(), &id, Some(2))
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );

        let submitted = f
            .catalog
            .submit(&f.cataloguer(), &id, AtRevision::default())
            .await
            .expect("submitted");
        f.review(&f.reviewer(), &submitted, "publish", None)
            .await
            .expect("published");
        let found = f
            .catalog
            .compare(&f.applicant(), &id, 1, 2)
            .await
            .expect("both versions were public");
        assert_eq!(
            (
                found.fields.len(),
                found.items.len(),
                found.items[0].fields[0].path.as_str()
            ),
            (0, 1, "title")
        );
        let states: Vec<String> = f
            .catalog
            .versions(&f.applicant(), &id)
            .await
            .expect("versions")
            .into_iter()
            .map(|v| v.state)
            .collect();
        assert_eq!(states, ["published", "superseded"]);
        let published = f.catalog.published(&id).await.expect("in force");
        assert_eq!(
            (published.version, published.items[1].title.as_str()),
            (2, "参保人姓名")
        );
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_a_withdrawn_entry_is_out_of_force_and_still_there() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = entry.head.id.clone();
        let without = Withdraw {
            reason: "  ".into(),
            revision: None,
        };
        assert_eq!(
            f.catalog
                .withdraw(&f.cataloguer(), &id, without)
                .await
                .unwrap_err()
                .kind
                .status,
            422
        );
        let withdraw = Withdraw {
            reason: "职责调整".into(),
            revision: None,
        };
        let gone = f
            .catalog
            .withdraw(&f.cataloguer(), &id, withdraw)
            .await
            .expect("withdrawn");
        assert_eq!((gone.head.state.as_str(), gone.actions.len()), ("withdrawn", 0));
        assert_eq!(f.catalog.published(&id).await.unwrap_err().kind.status, 404);
        let kept = f
            .catalog
            .resource(&f.applicant(), &id, Some(1))
            .await
            .expect("it can be read");
        assert_eq!(kept.items.len(), 2);
        let again = f
            .catalog
            .revise(&f.cataloguer(), &id, AtRevision::default())
            .await
            .unwrap_err();
        assert_eq!(again.kind.code, "catalog.wrong_state");
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_two_who_edit_one_draft_lose_no_word() {
    for f in fixtures().await {
        let draft = f.draft(complete()).await;
        saved(f.save(&draft, titled("先保存的标题")).await.expect("the first saves"));
        let mut mine = titled("后保存的标题");
        mine.summary = "我写的摘要".into();
        let Saved::Conflict(conflict) = f.save(&draft, mine).await.expect("an answer") else {
            panic!("the second must not overwrite the first");
        };
        assert_eq!(
            (conflict.problem.status, conflict.problem.code.as_str()),
            (409, "catalog.revision_conflict")
        );
        assert_eq!(
            (conflict.current.head.title.as_str(), conflict.submitted.title.as_str()),
            ("先保存的标题", "后保存的标题")
        );
        let differs: Vec<&str> = conflict.differences.fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(differs, ["title", "summary"]);
        assert!(
            conflict.differences.items.is_empty(),
            "{:?}",
            conflict.differences.items
        );
        let merged = f
            .save(&conflict.current, *conflict.submitted)
            .await
            .expect("the merged text is saved");
        assert_eq!(saved(merged).head.title, "后保存的标题");
        f.close().await;
    }
}

#[tokio::test]
async fn cat_5_an_attribute_without_its_grounds_does_not_reach_the_authority() {
    for f in fixtures().await {
        let mut document = complete();
        document.sharing.attribute = Some(SharingAttribute::NotShared);
        let draft = f.draft(document).await;
        let refused = f
            .catalog
            .submit(&f.cataloguer(), &draft.head.id, AtRevision::default())
            .await
            .unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["sharing.grounds", "sharing.basis"]);
        f.close().await;
    }
}

#[tokio::test]
async fn what_no_store_can_hold_is_refused_with_a_clear_answer() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let nul = ResourceId("res_\u{0}".into());
        assert_eq!(
            f.catalog
                .resource(&f.reviewer(), &nul, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let mut document = complete();
        document.responsible_id = Some("org_\u{0}".into());
        document.related = vec![entry.head.id.clone(), "res_nobody".into(), nul];
        let new = NewResource {
            provider_id: None,
            document,
        };
        let refused = f.catalog.create(&f.cataloguer(), new).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["responsible_id", "related[1]", "related[2]"]);
        let withdraw = Withdraw {
            reason: "理由\u{0}".into(),
            revision: None,
        };
        let refused = f
            .catalog
            .withdraw(&f.cataloguer(), &entry.head.id, withdraw)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind.status, refused.fields[0].code.as_str()),
            (422, "control_character")
        );
        f.close().await;
    }
}
