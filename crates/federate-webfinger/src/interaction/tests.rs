use super::*;

const POST: &str = "https://here.example/posts/1";
const ENCODED: &str = "https%3A%2F%2Fhere.example%2Fposts%2F1";

fn visitor(links: Vec<Link>) -> Jrd {
    Jrd {
        links,
        ..Jrd::default()
    }
}

fn subscribe() -> Link {
    Link::with_template(rel::SUBSCRIBE, "https://home.example/interact?uri={uri}")
}

#[test]
fn the_nearest_way_is_taken() {
    // As Mastodon publishes them: its Create takes a text, and nothing to reply to.
    let mastodon = visitor(vec![
        subscribe(),
        Link::intent("Create", "https://home.example/share?text={content}"),
        Link::intent("Object", "https://home.example/open?uri={object}"),
        Link::intent(
            "Like",
            "https://home.example/like?id={object}&ok={on-success}&no={on-cancel}",
        ),
    ]);
    for (wanted, url) in [
        (Interaction::follow(POST), "open?uri="),
        (Interaction::reply(POST), "open?uri="),
        (Interaction::announce(POST), "open?uri="),
        (Interaction::open(POST), "open?uri="),
    ] {
        assert_eq!(
            wanted.url(&mastodon).unwrap().as_str(),
            format!("https://home.example/{url}{ENCODED}")
        );
    }
    assert_eq!(
        Interaction::like(POST)
            .on_success("https://here.example/posts/1?thanks&x")
            .on_cancel(CLOSE)
            .url(&mastodon)
            .unwrap()
            .as_str(),
        format!(
            "https://home.example/like?id={ENCODED}&ok=https%3A%2F%2Fhere.example%2Fposts%2F1%3Fthanks%26x&no=%28close%29"
        )
    );
    // A Create that takes what is replied to.
    let emissary = visitor(vec![
        subscribe(),
        Link::intent("Create", "https://home.example/new?to={inReplyTo}&text={content}"),
    ]);
    assert_eq!(
        Interaction::reply(POST).url(&emissary).unwrap().as_str(),
        format!("https://home.example/new?to={ENCODED}&text=")
    );
    // Nothing but OStatus.
    let misskey = visitor(vec![Link::with_template(
        rel::SUBSCRIBE,
        "https://home.example/authorize-follow?acct={uri}",
    )]);
    assert_eq!(
        Interaction::follow("acct:alice@here.example")
            .url(&misskey)
            .unwrap()
            .as_str(),
        "https://home.example/authorize-follow?acct=acct%3Aalice%40here.example"
    );
}

#[test]
fn visitors_are_sent_to_no_odd_places() {
    let odd = [
        "http://home.example/?uri={uri}",
        "javascript:alert('{uri}')",
        "https://bob:pw@home.example/?uri={uri}",
        "https://192.168.0.1/?uri={uri}",
        "https://home.example/",
        "https://{uri}/",
    ];
    let mut links: Vec<Link> = odd
        .iter()
        .map(|template| Link::with_template(rel::SUBSCRIBE, template))
        .collect();
    links.push(Link::new(
        rel::SUBSCRIBE,
        "text/html",
        "https://home.example/?uri={uri}",
    ));
    // The right template under a relation that means something else.
    links.push(Link::with_template("self", "https://home.example/?uri={uri}"));
    assert_eq!(
        Interaction::follow(POST).url(&visitor(links.clone())),
        Err(NoInteraction::NotOffered)
    );
    // They do not stand in the way of one that can be used.
    links.push(subscribe());
    assert!(Interaction::follow(POST).url(&visitor(links)).is_ok());
}

#[test]
fn what_is_no_object_and_no_way_back() {
    let visitor = visitor(vec![subscribe()]);
    for object in [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "/posts/1",
        "alice",
        "file:///etc/passwd",
        "https://a:b@here.example/",
    ] {
        assert_eq!(
            Interaction::follow(object).url(&visitor),
            Err(NoInteraction::Object),
            "{object}"
        );
        assert_eq!(
            Interaction::follow(POST).on_success(object).url(&visitor),
            Err(NoInteraction::Return),
            "{object}"
        );
        assert_eq!(
            Interaction::follow(POST).on_cancel(object).url(&visitor),
            Err(NoInteraction::Return),
            "{object}"
        );
    }
}
