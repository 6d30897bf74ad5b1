---@meta
-- What the server sends, see docs/protocol.md. Fields that an older server leaves out are optional.

---@alias festina.State
---| "queued"
---| "streaming"
---| "parsed"
---| "verifying"
---| "ready"
---| "rejected"
---| "unverified"
---| "applied"
---| "dismissed"
---| "cancelled"
---| "stale"
---| "failed"

---@class festina.Position
---@field line integer zero-based
---@field character integer

---@class festina.Range
---@field start festina.Position
---@field end festina.Position

---@class festina.Finding
---@field gate string
---@field path string relative to the workspace
---@field line integer one-based
---@field column? integer
---@field message string
---@field code? string

---@class festina.Verdict
---@field status "passed"|"failed"|"unverified"
---@field seconds number
---@field findings festina.Finding[]

---@class festina.ServerHunk
---@field id integer
---@field range festina.Range
---@field newText string

---@class festina.CandidateInfo
---@field index integer zero-based
---@field status string
---@field message? string
---@field chosen? boolean

---@class festina.GateProgress
---@field gate string
---@field status "waiting"|"running"|"passed"|"failed"|"unverified"|"skipped"
---@field seconds? number
---@field message? string

---@class festina.Progress
---@field tokens? integer
---@field tokens_per_second? number
---@field seconds? number
---@field gates? festina.GateProgress[]

---@class festina.Payload the parameters of `festina/proposal`
---@field proposal string
---@field uri string
---@field version? integer
---@field range festina.Range
---@field state festina.State
---@field candidate integer
---@field candidates festina.CandidateInfo[]
---@field text string
---@field hunks festina.ServerHunk[]
---@field verdict? festina.Verdict
---@field message string
---@field again? boolean a limit has ended it, and a redirect without words asks for the same again
---@field apply_unverified? boolean it is unverified, and the settings let it be accepted as such
---@field name? string
---@field instruction? string
---@field model? string
---@field progress? festina.Progress

---@class festina.Candidate the answer to `festina/candidate`
---@field index integer
---@field status string
---@field text string
---@field hunks festina.ServerHunk[]
---@field verdict? festina.Verdict
---@field message string

---@class festina.Status the parameters of `festina/status`
---@field workspace string
---@field state "running"|"passed"|"failed"|"unverified"|"unchanged"|"cancelled"
---@field scope? string
---@field selected? integer
---@field failed? integer
---@field findings? integer
---@field seconds? number
---@field message string

---@class festina.Answer the parameters of `festina/answer`
---@field ask string
---@field uri string
---@field range? festina.Range
---@field question string
---@field state "waiting"|"streaming"|"complete"|"cancelled"|"failed"
---@field text string
---@field message string

---@class festina.Hunk lines of a region, and what they become
---@field id? integer the server's, for accepting this one alone
---@field first integer zero-based, counted from the region's first line
---@field count integer how many lines go
---@field lines string[] what comes in their place
