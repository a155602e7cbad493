import FirstHoursBindings
import Foundation

@testable import FirstHoursKit

/// A phone's folder and key, for as long as the test that holds it.
final class TestPhone: Sendable {
    let folder: String
    private let key: Data

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("phone-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
        key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var keyHex: String { key.map { String(format: "%02x", $0) }.joined() }

    /// A key as the platform's keystore hands it over.
    func unlocked() -> StoreKey {
        var bytes = Data(Array(key))
        return StoreKey(wiping: &bytes)
    }

    func open(_ language: String = "en") async throws -> FirstHoursCore {
        try await FirstHoursCore.open(folder: folder, key: unlocked(), language: language)
    }

    func openWithAnotherKey(_ language: String) async throws -> FirstHoursCore {
        var bytes = Data(repeating: 8, count: 32)
        return try await FirstHoursCore.open(folder: folder, key: StoreKey(wiping: &bytes), language: language)
    }

    /// Opens it with somebody who listens to every call.
    func open(listening: @escaping @Sendable (FirstHours) -> Listener) async throws -> FirstHoursCore {
        try await FirstHoursCore.open(folder: folder, key: unlocked(), language: "en") {
            listening(try FirstHours.open(folder: $0, key: $1, language: $2))
        }
    }

    /// Opens it, enrols it for one of the station's deputies, and lets the administrator approve.
    func enrolled(at station: TestStation, as person: String = "alvarez") async throws -> FirstHoursCore {
        let core = try await open()
        try await enrol(core, at: station, as: person)
        return core
    }

    func enrol(_ core: FirstHoursCore, at station: TestStation, as person: String = "alvarez") async throws {
        _ = try await core.enrol(station.server, code: try await station.code(for: person))
        try await station.approve()
        let report = try await core.sync()
        guard report.complete else { throw TestStation.Fault(said: report.trouble) }
    }
}
