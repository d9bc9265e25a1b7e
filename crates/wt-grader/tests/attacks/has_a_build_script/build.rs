fn main() {
    panic!("run before any sandbox");
}
