//! Rate limit without a lock: one number a grant, the moment at which the
//! bucket will be full again (generic cell rate algorithm).

use std::sync::atomic::{AtomicI64, Ordering};

use base::Moment;

/// Lets `per_s` calls a second through on average, and a second's worth at once.
#[derive(Debug)]
pub struct Bucket {
    per_s: u32,
    /// Microseconds since the epoch.
    full_at_us: AtomicI64,
}

impl Bucket {
    pub fn new(per_s: u32) -> Self {
        Self {
            per_s: per_s.max(1),
            full_at_us: AtomicI64::new(0),
        }
    }
    pub fn per_s(&self) -> u32 {
        self.per_s
    }

    /// Takes one call out; if none is left, says in how many seconds there is
    /// one (at least 1, for `Retry-After`).
    pub fn take(&self, now: Moment) -> Result<(), u64> {
        let now_us = now.0.saturating_mul(1_000);
        let cost_us = 1_000_000 / i64::from(self.per_s).min(1_000_000);
        let taken = self
            .full_at_us
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
                let next = full_at.max(now_us) + cost_us;
                (next - now_us <= 1_000_000.max(cost_us)).then_some(next)
            });
        match taken {
            Ok(_) => Ok(()),
            Err(full_at) => Err((full_at + cost_us - now_us - 1_000_000)
                .max(0)
                .unsigned_abs()
                .div_ceil(1_000_000)
                .max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_at_once_and_then_the_rate() {
        let bucket = Bucket::new(10);
        let at = |ms: i64| Moment(1_700_000_000_000 + ms);
        assert_eq!((0..12).filter(|_| bucket.take(at(0)).is_ok()).count(), 10);
        assert_eq!(bucket.take(at(0)), Err(1));
        assert_eq!((0..5).filter(|_| bucket.take(at(200)).is_ok()).count(), 2);
        // a long pause gives no more than a second's worth
        assert_eq!((0..50).filter(|_| bucket.take(at(60_000)).is_ok()).count(), 10);
    }

    #[test]
    fn threads_together_get_no_more_than_the_rate() {
        let bucket = Bucket::new(1_000);
        let passed = std::thread::scope(|scope| {
            let one = || (0..1_000).filter(|_| bucket.take(Moment(5_000)).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|t| t.join().expect("thread")).sum::<usize>()
        });
        assert_eq!(passed, 1_000);
    }
}
