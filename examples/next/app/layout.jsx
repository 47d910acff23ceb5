import '../../simple.css';

export const metadata = { title: 'Visits, with Next.js' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
