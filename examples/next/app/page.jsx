import { Visits } from './visits.jsx';

export default function Page() {
  return (
    <main>
      <Visits />
    </main>
  );
}
