import FirstHoursBindings
import Foundation
import Testing

@testable import FirstHoursKit

@Suite struct ProblemTests {
    @Test(arguments: [
        (CoreError.WrongKey(sentence: "s"), CoreProblem.Kind.locked),
        (.Closed(sentence: "s"), .locked),
        (.NewerStore(sentence: "s"), .outdated),
        (.CorruptStore(setAside: "/a", sentence: "s"), .damaged(setAside: "/a")),
        (.DiskFull(sentence: "s"), .full),
        (.StoreFault(detail: "d", sentence: "s"), .unsure),
        (.Refused(because: .reasonNeeded, steps: [], field: nil, sentence: "s"), .reasonNeeded),
        (.Refused(because: .stillOpen, steps: ["a"], field: nil, sentence: "s"), .stillOpen(steps: ["a"])),
        (.Refused(because: .doesNotFit, steps: [], field: "f", sentence: "s"), .doesNotFit(field: "f")),
        (.Refused(because: .notPossible, steps: [], field: nil, sentence: "s"), .notPossible),
        (.Refused(because: .badInput, steps: [], field: "id", sentence: "s"), .fault),
        (.NoSuchRecord(sentence: "s"), .gone),
        (.NotReady(enrolled: true, sentence: "s"), .notReady(enrolled: true)),
        (.Station(tryAgain: false, sentence: "s"), .station(tryAgain: false)),
    ])
    func everyErrorOfTheCoreHasItsPlaceAndKeepsItsSentence(error: CoreError, kind: CoreProblem.Kind) {
        #expect(CoreProblem(error) == CoreProblem(kind: kind, sentence: "s"))
    }

    @Test func anotherKeyIsLockedAndTheRightOneStillOpens() async throws {
        let phone = try TestPhone()
        try await phone.open().shutdown()
        await #expect { _ = try await phone.openWithAnotherKey("es") } throws: { error in
            let problem = error as? CoreProblem
            return problem?.kind == .locked && problem?.sentence?.hasPrefix("Esta clave no abre") == true
        }
        _ = try await phone.open().home()
    }

    @Test func whatIsNoIdIsAFaultOfTheApp() async throws {
        let core = try await TestPhone().open()
        await #expect { _ = try await core.encounter("B · 21:14") } throws: { ($0 as? CoreProblem)?.kind == .fault }
        try await core.shutdown()
    }

    @Test func beforeItsApprovalAPhoneBeginsNothing() async throws {
        let phone = try TestPhone()
        let core = try await phone.open()
        await #expect { _ = try await core.startEncounter() } throws: { error in
            (error as? CoreProblem)?.kind == .notReady(enrolled: false)
        }
        try await core.shutdown()
    }

    /// A panic ends neither the app nor the phone. It is shown in a process that runs the library whose clock breaks on
    /// request.
    @Test func aPanicInRustIsAFaultAndTheNextCallWorks() async throws {
        let phone = try TestPhone()
        let child = try Child(
            Built.recorder, ["panic", phone.folder, phone.keyHex], environment: ["LD_LIBRARY_PATH": Built.proof.path])
        var said: [String] = []
        while let line = await child.line() { said.append(line) }
        #expect(
            said == ["home: fault without a sentence", "home: well", "sync: fault without a sentence", "home: well"])
        #expect(await child.exitCode() == 0)
    }
}

@Suite struct StoreKeyTests {
    @Test func theBytesAreWipedWhereTheyCameFrom() {
        let place = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
        defer { place.deallocate() }
        place.initializeMemory(as: UInt8.self, repeating: 7)
        var data = Data(bytesNoCopy: place.baseAddress!, count: 32, deallocator: .none)
        let key = StoreKey(wiping: &data)
        #expect(Array(place) == Array(repeating: 0, count: 32))
        #expect(data.isEmpty)
        let lent = key.lend { Array($0) }
        #expect(lent == Array(repeating: 7, count: 32))
    }

    @Test func wipingLeavesZeros() {
        let place = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
        defer { place.deallocate() }
        place.initializeMemory(as: UInt8.self, repeating: 7)
        StoreKey.wipe(place)
        #expect(Array(place) == Array(repeating: 0, count: 32))
    }
}
