//! What is refused: a wrong checksum or size, more than a file can have, other hosts, plain HTTP.

use std::ops::ControlFlow;

use super::*;

#[test]
fn a_wrong_checksum_or_size_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole; 3]);
    let wrong = Checksum::Md5("00000000000000000000000000000000");
    let message = run(&item(url, Some(wrong)), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("its MD5 is") && message.contains("should be 0000"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let long = Item {
        size: Some(299_999),
        ..item(url, None)
    };
    let message = run(&long, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("at least 300000 bytes were sent, and the file has at most 299999"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let short = Item {
        size: Some(300_001),
        ..item(url, None)
    };
    let message = run(&short, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("interrupted after 300000 bytes of 300001"),
        "{message}"
    );
}

#[test]
fn no_more_is_taken_than_a_file_can_have() {
    let folder = tempfile::tempdir().unwrap();
    // Announced, and sent without being announced.
    for (answer, found) in [(Answer::Whole, "300000"), (Answer::Endless, "")] {
        let (url, _) = serve(content(), vec![answer]);
        let small = Item {
            at_most: 100_000,
            ..item(url, None)
        };
        let mut most = 0;
        let refused = fetch(&small, "the page", folder.path(), &mut |done, _| {
            most = most.max(done);
            ControlFlow::Continue(())
        });
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains(&format!(
                "at least {found} bytes were sent, and the file has at most 100000"
            )) || found.is_empty() && message.contains("and the file has at most 100000"),
            "{message}"
        );
        assert!(message.contains("hint: see whether the file has changed, at the page"));
        assert!(most <= 100_000, "{most} bytes were kept");
        assert!(names(folder.path()).is_empty());
    }
    // The same where the size is known, and from where a part stopped.
    let (url, heard) = serve(content(), vec![Answer::BrokenAfter(1_000), Answer::Endless]);
    let exact = Item {
        size: Some(300_000),
        ..item(url, Some(right()))
    };
    run(&exact, folder.path()).unwrap_err();
    let message = run(&exact, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("and the file has at most 300000"),
        "{message}"
    );
    assert_eq!(*heard.lock().unwrap(), [None, Some(1_000)]);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn redirects_stay_with_the_publisher() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = serve(content(), vec![Answer::Whole, Answer::Whole]);
    let elsewhere: &'static str = file.replace("127.0.0.1", "localhost").leak();
    let answers = vec![Answer::Redirect(elsewhere), Answer::Redirect(elsewhere)];
    let (url, _) = serve(b"elsewhere".to_vec(), answers);
    let message = run(&item(url, Some(right())), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains(&format!(
            "it redirects to {elsewhere}, and its publisher's hosts are 127.0.0.1, so nothing was downloaded"
        )),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let named = Item {
        hosts: &["localhost"],
        ..item(url, Some(right()))
    };
    assert_eq!(run(&named, folder.path()).unwrap(), Fetched::Checked);

    // Within the host, by a path alone; and in a redirect loop.
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(
        content(),
        vec![Answer::Redirect("/other.bin"), Answer::Whole],
    );
    let own = item(url, Some(right()));
    assert_eq!(run(&own, folder.path()).unwrap(), Fetched::Checked);
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Redirect("/file.bin"); 6]);
    let message = run(&item(url, None), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("it redirects more than 5 times"),
        "{message}"
    );
}

#[test]
fn plain_http_is_refused_unless_the_publisher_has_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (url, heard) = serve(content(), vec![Answer::Whole]);
    let secure = Item {
        plain_http: false,
        ..item(url, Some(right()))
    };
    let message = run(&secure, folder.path()).unwrap_err().to_string();
    assert!(
        message
            .contains("it is not served over HTTPS, so nothing was downloaded; hint: see whether"),
        "{message}"
    );
    assert!(heard.lock().unwrap().is_empty() && names(folder.path()).is_empty());
}
