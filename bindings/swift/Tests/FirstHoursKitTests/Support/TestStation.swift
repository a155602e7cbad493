import FirstHoursBindings
import Foundation

@testable import FirstHoursKit

/// The real server on loopback, with a programme of its own, for as long as the test that holds it.
final class TestStation: Sendable {
    let server: ServerEndpoint
    private let child: Child

    struct Fault: Error { let said: String? }
    private struct Address: Decodable { let address: String, fingerprint: String }

    init() async throws {
        child = try Child(Built.station)
        let line = await child.line()
        guard let line, let at = try? JSONDecoder().decode(Address.self, from: Data(line.utf8)) else {
            throw Fault(said: line)
        }
        server = ServerEndpoint(address: at.address, fingerprint: at.fingerprint, caPem: nil)
    }

    func code(for person: String) async throws -> String { try await ask("code \(person)", "code") }
    func approve() async throws { let _: Bool = try await ask("approve", "done") }
    /// From now on it waits so long before it takes an upload.
    func slow(ms: Int) async throws { let _: Bool = try await ask("slow \(ms)", "done") }
    /// How many uploads have arrived, the one that waits among them.
    func uploads() async throws -> Int { try await ask("uploads", "uploads") }
    /// The ids of the events that it holds of a record, each as often as it is there.
    func events(of encounter: String) async throws -> [String] { try await ask("events \(encounter)", "ids") }

    private func ask<Answer: Sendable>(_ line: String, _ name: String) async throws -> Answer {
        try await child.say(line)
        let said = await child.line()
        let answer = try JSONSerialization.jsonObject(with: Data((said ?? "{}").utf8)) as? [String: Any]
        guard let found = answer?[name] as? Answer else { throw Fault(said: said) }
        return found
    }
}
