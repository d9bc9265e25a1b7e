//! The example of the brief. The hidden checks look at much more.

use graceful_shutdown::{Phase, Refused, Service};
use wt_core::sync::Arc;
use wt_core::time::{Duration, SystemClock};

const GRACE: Duration = Duration::from_secs(10);

#[test]
fn what_was_accepted_is_done() {
    let square = |n: &u32, _: &_| Some(n * n);
    let (service, control, results) = Service::start(2, GRACE, Arc::new(SystemClock), square);

    for n in 1..=4 {
        assert_eq!(control.submit(n), Ok(()));
    }
    control.interrupt();
    assert_eq!(control.phase(), Phase::Draining);
    assert_eq!(control.submit(5), Err(Refused(5)));

    let report = service.wait();
    assert_eq!((report.accepted, report.done), (4, 4));
    assert!(report.handed_back.is_empty());
    assert_eq!(results.iter().sum::<u32>(), 1 + 4 + 9 + 16);
}

#[test]
fn an_idle_service_stops_as_well() {
    let work = |_: &u32, _: &_| Some(());
    let (service, control, _results) = Service::start(3, GRACE, Arc::new(SystemClock), work);
    control.interrupt();
    assert_eq!(service.wait().accepted, 0);
}
