import type { Answer, Asked } from "./useAsk.js";

type Status = Answer["status"];

const MEANING: Record<Status, string> = {
  hit: "stored and fresh",
  stale: "stored and past its time; a refresh runs behind",
  filled: "this one asked the service",
  coalesced: "another one asked the service at the same time",
  failed: "there was none to be had",
};

/** What was answered, where it came from, and how long it took. */
export function Answers({ asked }: { asked: Asked | null }) {
  return (
    <div className="answer" role="status" aria-busy={asked?.answers === null}>
      {asked === null && <p className="hint">Ask, and see where the answer comes from.</p>}
      {asked !== null && asked.answers === null && <p className="hint">Asking …</p>}
      {asked?.answers?.length === 1 && <OneAnswer name={asked.name} answer={asked.answers[0]!} />}
      {asked?.answers && asked.answers.length > 1 && <ManyAnswers answers={asked.answers} />}
    </div>
  );
}

function OneAnswer({ name, answer }: { name: string; answer: Answer }) {
  return (
    <>
      <p className="place">{answer.status === "failed" ? answer.message : placeOf(name, answer)}</p>
      <p>
        <Badge status={answer.status} /> <strong>{answer.ms} ms</strong>
        <span className="hint">: {MEANING[answer.status]}</span>
      </p>
    </>
  );
}

function ManyAnswers({ answers }: { answers: Answer[] }) {
  const counts = new Map<Status, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  // Who fills is who asks the service. All who wait for a fill that fails get its error.
  const requests = (counts.get("filled") ?? 0) + (counts.has("failed") ? 1 : 0);
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  return (
    <>
      <p className="place">
        {answers.length} answers, {requests} upstream {requests === 1 ? "request" : "requests"}
      </p>
      <p>
        {[...counts].map(([status, count]) => (
          <span key={status}>
            <Badge status={status} /> {count}{" "}
          </span>
        ))}
        <strong>{slowest} ms</strong>
        <span className="hint"> for the last of them</span>
      </p>
    </>
  );
}

function Badge({ status }: { status: Status }) {
  return <span className={`badge ${status}`}>{status}</span>;
}

function placeOf(name: string, { place }: Exclude<Answer, { status: "failed" }>): string {
  if (place === null) return `Nobody knows a place of the name ${name}.`;
  const { name: known, countryCode, latitude, longitude, population } = place;
  const people = population === null ? "" : `, ${population.toLocaleString("en")} people`;
  const at = `${latitude.toFixed(2)}, ${longitude.toFixed(2)}`;
  return `${known}${countryCode === null ? "" : ` (${countryCode})`}${people}, at ${at}`;
}
