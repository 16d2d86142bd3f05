//! What the provider reports: each status on each state, and what does not fit.

use super::*;
use AnomalyKind::{Contradicting, Late, NoRoom, OtherAmount, Repeated};

fn report(status: ProviderStatus) -> PaymentReport {
    PaymentReport::new(parsed("acme:pi_1"), status)
}

fn judged(payment: &Payment, report: &PaymentReport) -> Result<PaymentAction, AnomalyKind> {
    payment.judge(report, payment, &payment.balance([]).unwrap())
}

#[test]
fn pay_1_each_report_moves_a_payment_or_is_an_anomaly() {
    let reported = [Draft, Pending, Authorised, Done, Cancelled, Failed];
    let (no, late, other) = (Err(Repeated), Err(Late), Err(Contradicting));
    let rows = [
        (Draft, [no, Ok(Pend), Ok(Authorise), Ok(Finish), Ok(Cancel), Ok(Fail)]),
        (Pending, [late, no, Ok(Authorise), Ok(Finish), Ok(Cancel), Ok(Fail)]),
        (Authorised, [late, late, no, Ok(Finish), Ok(Cancel), Ok(Fail)]),
        (Done, [late, late, late, no, other, other]),
        (Cancelled, [late, late, late, other, no, other]),
        // The customer tried again: the only way out of a failure.
        (Failed, [late, late, late, Ok(Finish), other, no]),
    ];
    for (found, row) in rows {
        for (status, expected) in reported.into_iter().zip(row) {
            assert_eq!(judged(&standing(found), &report(status)), expected, "{found}, reported {status}");
        }
    }
}

#[test]
fn a_report_over_another_amount_moves_nothing() {
    let payment = standing(Authorised);
    assert_eq!(judged(&payment, &report(Done).amount(eur(10_000))), Ok(Finish));
    for other in [eur(9_999), eur(10_001), Money::from_minor(10_000, Currency::USD)] {
        assert_eq!(judged(&payment, &report(Done).amount(other)), Err(OtherAmount));
        assert_eq!(judged(&payment, &report(Authorised).amount(other)), Err(OtherAmount));
    }
}

#[test]
fn pay_2_a_report_of_the_whole_does_not_pass_over_its_parts() {
    let whole = standing(Authorised);
    let capture = part(&whole, &[], Capture, 2, 6_000).unwrap();
    for status in [Done, Cancelled, Failed] {
        assert_eq!(whole.judge(&report(status), &whole, &whole.balance([&capture]).unwrap()), Err(NoRoom));
    }
    // A part cannot be authorised, and one that had failed needs its room.
    assert_eq!(judged_part(&capture, &whole, &[], Authorised), Err(Contradicting));
    let mut failed = capture;
    failed.fail(at(3), None).unwrap();
    assert_eq!(judged_part(&failed, &whole, &[], Done), Ok(Finish));
    let others = [part(&whole, &[], Capture, 3, 5_000).unwrap()];
    assert_eq!(judged_part(&failed, &whole, &others, Done), Err(NoRoom));
}

fn judged_part(
    part: &Payment,
    whole: &Payment,
    others: &[Payment],
    status: ProviderStatus,
) -> Result<PaymentAction, AnomalyKind> {
    let balance = whole.balance(others.iter().chain([part])).unwrap();
    part.judge(&report(status), whole, &balance)
}

#[test]
fn an_anomaly_is_kept_with_what_was_reported_and_what_was_found() {
    let mut payment = standing(Done);
    let report = report(Authorised).amount(eur(10_000));
    let anomaly = report.anomaly(at(7), Late, Done);
    assert_eq!(payment.note(at(7), anomaly), Ok(PaymentFact::Anomaly { anomaly }));
    assert_eq!((payment.anomalies(), payment.updated_at), (&[anomaly][..], at(7)));
    assert_eq!(payment.state(), standing(Done).state());
    assert_eq!((anomaly.reported, anomaly.found, anomaly.amount), (Authorised, Done, Some(eur(10_000))));

    let mut parts = PaymentParts::from(payment);
    parts.anomalies = vec![anomaly; 10_000];
    let mut full = Payment::try_from(parts).unwrap();
    let before = full.clone();
    assert!(
        matches!(full.note(at(8), anomaly), Err(PaymentError::Value { invalid, .. }) if invalid.field() == "anomalies")
    );
    assert_eq!(full, before);
}
