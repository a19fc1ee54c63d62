//! The cases of `npm run bench` that are measured beside Tokio.
//!
//! Reads lines `CASE N` from stdin, does the case with N units of work and answers with a line: what it computed, as the
//! cases of bench/channel-*.ts and bench/sync/ do. bench/support/tokio.ts starts this program once and times each answer; both programs do the same work
//! with the same capacities. `one-thread` cases run on a current-thread runtime, the others on two workers.

use std::future::Future;
use std::io::{BufRead, Write};
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{broadcast, mpsc, oneshot, Mutex, Semaphore};

const CAPACITY: usize = 1024;

/// The record of seven fields that channels carry, as in bench/sync/record.ts.
struct Record {
    id: u64,
    host: String,
    path: String,
    status: u16,
    bytes: u64,
    ms: f64,
    cached: bool,
}

impl Record {
    fn new(id: u64) -> Record {
        Record {
            id,
            host: format!("host-{}.example", id % 7),
            path: format!("/items/{}", id % 1000),
            status: if id % 10 == 0 { 404 } else { 200 },
            bytes: 100 + id % 5000,
            ms: (id % 100) as f64 / 4.0,
            cached: id % 3 == 0,
        }
    }

    fn weight(&self) -> u64 {
        let cached = if self.cached { 1 } else { 0 };
        self.id + self.bytes + u64::from(self.status) + self.host.len() as u64 + self.path.len() as u64 + self.ms as u64 + cached
    }
}

/// The record of channel-record, as in bench/support/visit.ts.
struct Visit {
    ts: f64,
    method: String,
    path: String,
    status: f64,
    bytes: f64,
    ua: String,
    dur: f64,
}

impl Visit {
    fn new(i: u64) -> Visit {
        Visit {
            ts: 1_700_000_000_000.0 + i as f64,
            method: if i % 3 == 0 { "POST".into() } else { "GET".into() },
            path: format!("/api/v1/items/{}", i % 977),
            status: (200 + (i % 5) * 100) as f64,
            bytes: (i * 17 % 50_000) as f64,
            ua: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36".into(),
            dur: i as f64 * 0.5,
        }
    }

    fn weight(&self) -> f64 {
        let text = self.method.len() + self.path.len() + self.ua.len();
        self.ts - 1_700_000_000_000.0 + text as f64 + self.status + self.bytes + self.dur * 2.0
    }
}

fn run<F>(rt: &Runtime, work: F) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    // as a task, not as block_on's root: the root of a runtime with workers is driven by the thread that waits
    rt.block_on(async move { tokio::spawn(work).await.expect("the case failed") })
}

async fn send_numbers(tx: mpsc::Sender<u64>, n: u64) {
    for i in 0..n {
        tx.send(i).await.expect("the receiver is there");
    }
}

async fn sum_numbers(mut rx: mpsc::Receiver<u64>) -> u64 {
    let mut sum = 0;
    while let Some(item) = rx.recv().await {
        sum += item;
    }
    sum
}

async fn mpsc_numbers(n: u64) -> u64 {
    let (tx, rx) = mpsc::channel::<u64>(CAPACITY);
    let producer = tokio::spawn(send_numbers(tx, n));
    let sum = sum_numbers(rx).await;
    producer.await.expect("the producer ended");
    sum
}

async fn mpsc_records(n: u64) -> u64 {
    let (tx, mut rx) = mpsc::channel::<Record>(CAPACITY);
    let producer = tokio::spawn(async move {
        for i in 0..n {
            tx.send(Record::new(i)).await.ok().expect("the receiver is there");
        }
    });
    let mut sum = 0;
    while let Some(record) = rx.recv().await {
        sum += record.weight();
    }
    producer.await.expect("the producer ended");
    sum
}

async fn send_visits(tx: mpsc::Sender<Visit>, n: u64) {
    for i in 0..n {
        tx.send(Visit::new(i)).await.ok().expect("the receiver is there");
    }
}

async fn weigh_visits(mut rx: mpsc::Receiver<Visit>) -> u64 {
    let mut sum = 0.0;
    while let Some(visit) = rx.recv().await {
        sum += visit.weight();
    }
    sum as u64
}

async fn mpsc_visits(n: u64, capacity: usize) -> u64 {
    let (tx, rx) = mpsc::channel::<Visit>(capacity);
    let producer = tokio::spawn(send_visits(tx, n));
    let sum = weigh_visits(rx).await;
    producer.await.expect("the producer ended");
    sum
}

/// The sender on a thread of its own with a runtime of its own, the receiver on this one. On a runtime of two workers a task that is woken
/// often runs on the worker that woke it, and then nothing crosses.
fn apart<F>(one: &Runtime, sending: F, receiving: impl Future<Output = u64>) -> u64
where
    F: Future<Output = ()> + Send + 'static,
{
    let sender = std::thread::spawn(move || Builder::new_current_thread().build().expect("a runtime").block_on(sending));
    let sum = one.block_on(receiving);
    sender.join().expect("the sender ended");
    sum
}

fn numbers_apart(one: &Runtime, n: u64) -> u64 {
    let (tx, rx) = mpsc::channel::<u64>(CAPACITY);
    apart(one, send_numbers(tx, n), sum_numbers(rx))
}

fn visits_apart(one: &Runtime, n: u64, capacity: usize) -> u64 {
    let (tx, rx) = mpsc::channel::<Visit>(capacity);
    apart(one, send_visits(tx, n), weigh_visits(rx))
}

/// One sender, three receivers, and nobody loses anything: the sender waits for the slowest every CAPACITY / 2 items, with a
/// semaphore to which each receiver adds. (Tokio's broadcast never waits by itself.)
async fn broadcast_to_three(n: u64) -> u64 {
    let (tx, _) = broadcast::channel::<u64>(CAPACITY);
    let window = (CAPACITY / 2) as u64;
    let room = Arc::new(Semaphore::new(0));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let mut rx = tx.subscribe();
            let room = room.clone();
            tokio::spawn(async move {
                let mut sum = 0;
                let mut seen = 0;
                while let Ok(item) = rx.recv().await {
                    sum += item;
                    seen += 1;
                    if seen % window == 0 {
                        room.add_permits(1);
                    }
                }
                sum
            })
        })
        .collect();
    for i in 0..n {
        tx.send(i).expect("receivers are there");
        if (i + 1) % window == 0 {
            room.acquire_many(3).await.expect("it is open").forget();
        }
    }
    drop(tx);
    let mut sum = 0;
    for reader in readers {
        sum += reader.await.expect("the reader ended");
    }
    sum
}

/// `tasks` tasks that take the lock `n / tasks` times each and yield while they hold it, if there are several.
async fn mutex(n: u64, tasks: u64) -> u64 {
    let cell = Arc::new(Mutex::new(0u64));
    let handles: Vec<_> = (0..tasks)
        .map(|_| {
            let cell = cell.clone();
            tokio::spawn(async move {
                for _ in 0..n / tasks {
                    let mut guard = cell.lock().await;
                    *guard += 1;
                    if tasks > 1 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for handle in handles {
        handle.await.expect("the task ended");
    }
    let total = *cell.lock().await;
    total
}

async fn semaphore(n: u64, tasks: u64, permits: usize) -> u64 {
    let semaphore = Arc::new(Semaphore::new(permits));
    let handles: Vec<_> = (0..tasks)
        .map(|_| {
            let semaphore = semaphore.clone();
            tokio::spawn(async move {
                let mut count = 0;
                for _ in 0..n / tasks {
                    let _permit = semaphore.acquire().await.expect("it is open");
                    count += 1;
                    if tasks > 1 {
                        tokio::task::yield_now().await;
                    }
                }
                count
            })
        })
        .collect();
    let mut total = 0;
    for handle in handles {
        total += handle.await.expect("the task ended");
    }
    total
}

async fn spawn_join(n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        sum += tokio::spawn(async move { i }).await.expect("the task ended");
    }
    sum
}

async fn spawn_many(n: u64) -> u64 {
    let handles: Vec<_> = (0..n).map(|i| tokio::spawn(async move { i })).collect();
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("the task ended");
    }
    sum
}

async fn spawn_blocking(n: u64, batch: u64) -> u64 {
    let mut sum = 0;
    let mut at = 0;
    while at < n {
        let handles: Vec<_> = (at..n.min(at + batch)).map(|i| tokio::task::spawn_blocking(move || i)).collect();
        at += batch;
        for handle in handles {
            sum += handle.await.expect("the job ended");
        }
    }
    sum
}

async fn ping_pong(n: u64) -> u64 {
    let (to_echo, mut echo_in) = mpsc::channel::<u64>(1);
    let (from_echo, mut replies) = mpsc::channel::<u64>(1);
    let echo = tokio::spawn(async move {
        while let Some(item) = echo_in.recv().await {
            from_echo.send(item + 1).await.expect("the caller is there");
        }
    });
    let mut at = 0;
    for _ in 0..n {
        to_echo.send(at).await.expect("the echo is there");
        at = replies.recv().await.expect("the echo is there");
    }
    drop(to_echo);
    echo.await.expect("the echo ended");
    at
}

async fn request_reply(n: u64) -> u64 {
    let (tx, mut rx) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(10);
    let server = tokio::spawn(async move {
        while let Some((item, reply)) = rx.recv().await {
            reply.send(item + 1).expect("the caller is there");
        }
    });
    let mut at = 0;
    for _ in 0..n {
        let (reply, answer) = oneshot::channel();
        tx.send((at, reply)).await.ok().expect("the server is there");
        at = answer.await.expect("the server is there");
    }
    drop(tx);
    server.await.expect("the server ended");
    at
}

fn answer(case: &str, n: u64, one: &Runtime, two: &Runtime) -> Option<u64> {
    let found = match case {
        "mpsc-numbers-one-thread" => run(one, mpsc_numbers(n)),
        "mpsc-records-one-thread" => run(one, mpsc_records(n)),
        "mpsc-numbers-threads" => run(two, mpsc_numbers(n)),
        "mpsc-records-threads" => run(two, mpsc_records(n)),
        "mpsc-numbers-apart" => numbers_apart(one, n),
        "mpsc32-visits-threads" => run(two, mpsc_visits(n, 32)),
        "mpsc1024-visits-threads" => run(two, mpsc_visits(n, CAPACITY)),
        "mpsc32-visits-apart" => visits_apart(one, n, 32),
        "mpsc1024-visits-apart" => visits_apart(one, n, CAPACITY),
        "broadcast-one-thread" => run(one, broadcast_to_three(n)),
        "broadcast-threads" => run(two, broadcast_to_three(n)),
        "mutex-uncontended" => run(one, mutex(n, 1)),
        "mutex-contended" => run(one, mutex(n, 4)),
        "semaphore-uncontended" => run(one, semaphore(n, 1, 5)),
        "semaphore-contended" => run(one, semaphore(n, 6, 5)),
        "spawn-join" => run(one, spawn_join(n)),
        "spawn-many" => run(one, spawn_many(n)),
        "spawn-blocking" => run(two, spawn_blocking(n, 1)),
        "spawn-blocking-batches" => run(two, spawn_blocking(n, 16)),
        "ping-pong-one-thread" => run(one, ping_pong(n)),
        "ping-pong-threads" => run(two, ping_pong(n)),
        "request-reply" => run(one, request_reply(n)),
        _ => return None,
    };
    Some(found)
}

fn main() {
    let one = Builder::new_current_thread().build().expect("a runtime");
    let two = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let mut words = line.split_whitespace();
        let found = match (words.next(), words.next().map(str::parse::<u64>)) {
            (Some(case), Some(Ok(n))) => answer(case, n, &one, &two),
            _ => None,
        };
        match found {
            Some(value) => writeln!(out, "{}", value),
            None => writeln!(out, "unknown: {}", line),
        }
        .expect("stdout is open");
        out.flush().expect("stdout is open");
    }
}
