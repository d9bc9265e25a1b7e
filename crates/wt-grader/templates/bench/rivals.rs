    let input = reference_workload::prepare();
    for (name, mut command) in reference_workload::rivals(&input) {
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {
                group.bench_function(name, |bencher| bencher.iter(|| command.status()));
            }
            Ok(status) => eprintln!("{name}: skipped, for it ends with {status}"),
            Err(error) => eprintln!("{name}: skipped, for it cannot be started: {error}"),
        }
    }
