//! Logging in from a client: <https://docs.joinmastodon.org/methods/oauth/>. There are no passwords here: the page asks for the
//! token that `account create` printed, and the client gets one of its own.

use super::{auth::Me, params::Params};
use crate::{
    db::{
        apps::{self, App},
        begin, tokens,
    },
    error::ApiError,
    pages::frame,
    site::Site,
};
use axum::{
    Json,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};
use http::StatusCode;
use maud::html;
use serde_json::{Value, json};

/// Instead of an address: the code is shown, to be copied.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

pub(crate) async fn register(State(site): State<Site>, params: Params) -> Result<Json<Value>, ApiError> {
    let name = params
        .filled("client_name")
        .ok_or_else(|| ApiError::invalid("Application name can't be blank"))?;
    let uris: Vec<String> = params
        .list("redirect_uris")
        .iter()
        .flat_map(|u| u.split_whitespace())
        .map(str::to_owned)
        .collect();
    let safe = |uri: &String| {
        let scheme = uri.split(':').next().unwrap_or_default().to_ascii_lowercase();
        uri.contains(':') && !matches!(scheme.as_str(), "javascript" | "data" | "vbscript")
    };
    if uris.is_empty() || !uris.iter().all(safe) {
        return Err(ApiError::invalid("Redirect URI must be an absolute URI."));
    }
    let (Some(client_id), Some(secret)) = (tokens::random(), tokens::random()) else {
        return Err(no_randomness());
    };
    let app = App {
        client_id,
        name: name.chars().take(100).collect(),
        website: params.filled("website").map(str::to_owned),
        redirect_uris: uris.join("\n"),
        scopes: params.filled("scopes").unwrap_or("read").to_owned(),
    };
    let mut tx = begin(&site.db).await?;
    apps::register(&mut tx, &app, &secret).await?;
    tx.commit().await?;
    Ok(Json(json!({
        "id": app.client_id,
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.split_whitespace().collect::<Vec<_>>(),
        "redirect_uri": app.redirect_uris,
        "redirect_uris": uris,
        "client_id": app.client_id,
        "client_secret": secret,
        "client_secret_expires_at": 0,
        "vapid_key": "",
    })))
}

/// Who may be sent where: a client that registered, to an address that it registered.
struct Asked {
    app: App,
    redirect_uri: String,
    state: Option<String>,
}

async fn asked(site: &Site, params: &Params) -> Result<Asked, ApiError> {
    let bad = |what: &str| ApiError::new(StatusCode::BAD_REQUEST, what);
    let app = apps::find(&site.db, params.filled("client_id").unwrap_or_default()).await?;
    let app = app.ok_or_else(|| bad("Client authentication failed due to unknown client"))?;
    let redirect_uri = params.filled("redirect_uri").unwrap_or(OUT_OF_BAND).to_owned();
    if !app.redirect_uris.lines().any(|known| known == redirect_uri) {
        return Err(bad("The redirect uri included is not valid."));
    }
    Ok(Asked {
        app,
        redirect_uri,
        state: params.text("state").map(str::to_owned),
    })
}

pub(crate) async fn form(State(site): State<Site>, params: Params) -> Result<Html<String>, ApiError> {
    Ok(page(&asked(&site, &params).await?, None))
}

pub(crate) async fn allow(State(site): State<Site>, params: Params) -> Result<Response, ApiError> {
    let asked = asked(&site, &params).await?;
    let Some(me) = tokens::login(&site.db, params.filled("token").unwrap_or_default()).await? else {
        return Ok((
            StatusCode::FORBIDDEN,
            page(
                &asked,
                Some("This is not a token that account create printed here."),
            ),
        )
            .into_response());
    };
    let code = tokens::random().ok_or_else(no_randomness)?;
    let mut tx = begin(&site.db).await?;
    apps::allow(&mut tx, &code, &asked.app, me.id, &asked.redirect_uri).await?;
    tx.commit().await?;
    if asked.redirect_uri == OUT_OF_BAND {
        let body = html! { h1 { "Copy this code into " (asked.app.name) } p { code { (code) } } };
        return Ok(frame("Code", None, &body).into_response());
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", &code);
    if let Some(state) = &asked.state {
        query.append_pair("state", state);
    }
    let and = if asked.redirect_uri.contains('?') {
        '&'
    } else {
        '?'
    };
    Ok(Redirect::to(&format!("{}{and}{}", asked.redirect_uri, query.finish())).into_response())
}

fn page(asked: &Asked, wrong: Option<&str>) -> Html<String> {
    let body = html! {
        h1 { "Let " (asked.app.name) " in?" }
        p { "It will read and write in your name. Afterwards you are led to " code { (asked.redirect_uri) } "." }
        @if let Some(wrong) = wrong { p { strong { (wrong) } } }
        form method="post" action="/oauth/authorize" {
            input type="hidden" name="client_id" value=(asked.app.client_id);
            input type="hidden" name="redirect_uri" value=(asked.redirect_uri);
            @if let Some(state) = &asked.state { input type="hidden" name="state" value=(state); }
            p { label { "The token that " code { "instance account create" } " printed: " input type="password" name="token" required; } }
            p { button { "Let it in" } }
        }
    };
    frame("Log in", None, &body)
}

pub(crate) async fn token(State(site): State<Site>, params: Params) -> Result<Response, ApiError> {
    if params.filled("grant_type").unwrap_or("authorization_code") != "authorization_code" {
        return Ok(refused(
            "unsupported_grant_type",
            "Only authorization codes can be exchanged here.",
        ));
    }
    let of = |name: &str| params.filled(name).unwrap_or_default();
    let mut tx = begin(&site.db).await?;
    let redirect_uri = params.filled("redirect_uri").unwrap_or(OUT_OF_BAND);
    let whose = apps::redeem(
        &mut tx,
        of("code"),
        of("client_id"),
        of("client_secret"),
        redirect_uri,
    )
    .await?;
    let Some(account) = whose else {
        tx.commit().await?;
        return Ok(refused(
            "invalid_grant",
            "The provided authorization grant is invalid, expired, or was issued to another client.",
        ));
    };
    let token = tokens::create(&mut tx, account).await?;
    let scope = apps::find(&mut *tx, of("client_id"))
        .await?
        .map(|app| app.scopes)
        .unwrap_or_default();
    tx.commit().await?;
    let now = jiff::Timestamp::now().as_second();
    Ok(
        Json(json!({ "access_token": token, "token_type": "Bearer", "scope": scope, "created_at": now }))
            .into_response(),
    )
}

pub(crate) async fn revoke(State(site): State<Site>, params: Params) -> Result<Json<Value>, ApiError> {
    tokens::revoke(&site.db, params.filled("token").unwrap_or_default()).await?;
    Ok(Json(json!({})))
}

/// What a client asks to see whether its token works.
pub(crate) async fn verify(Me(_): Me) -> Json<Value> {
    Json(json!({ "name": "client", "website": null, "scopes": ["read", "write", "follow"], "vapid_key": "" }))
}

pub(crate) async fn metadata(State(site): State<Site>) -> Json<Value> {
    let base = site.urls.base();
    Json(json!({
        "issuer": format!("{base}/"),
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "app_registration_endpoint": format!("{base}/api/v1/apps"),
        "scopes_supported": ["read", "write", "follow"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}

fn refused(error: &str, description: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}

fn no_randomness() -> ApiError {
    ApiError::internal(&std::io::Error::other("the system has no randomness"))
}
