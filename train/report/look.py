"""How the report's page looks, and the few lines that draw its charts when they come into
view."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--paper:#faf7f0;--ink:#221d18;--line:#d8d0c0;--soft:#6a6258}
@media(prefers-color-scheme:dark){:root{--paper:#1b1815;--ink:#ece6da;--line:#443d34;--soft:#a89f90}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 Georgia,serif}
main{max-width:62rem;margin:0 auto;padding:1rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:.6rem 1rem}
nav a{color:inherit;font-size:.9rem}
h1{font-size:1.9rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}h3{margin-top:1.6rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
li{overflow-wrap:anywhere}b[class]{padding:0 .4rem;border-radius:.2rem;font:600 .8rem sans-serif}
b.pass{background:#cfe6cf;color:#143d14}b.warn{background:#f7e3a8;color:#4d3800}
b.fail{background:#f2c2bd;color:#5c0f08}b.note{background:#d3e0f2;color:#12305c}
b.open{background:#e2ddd4;color:#3a342c}.chart{height:300px;margin:.6rem 0}
figure{display:inline-block;vertical-align:top;margin:.4rem;max-width:100%}
figure img{max-width:100%;display:block}figcaption{max-width:256px;font-size:.85rem}
"""

SCRIPT = """
const ink=getComputedStyle(document.body).color;
function draw(box){
  if(box.dataset.drawn)return;box.dataset.drawn='1';
  const f=FIGURES[+box.dataset.figure];
  const grid='rgba(128,128,128,.25)';
  Plotly.newPlot(box,f.traces,{title:{text:f.title,font:{size:14}},font:{color:ink},
    paper_bgcolor:'rgba(0,0,0,0)',plot_bgcolor:'rgba(0,0,0,0)',height:300,
    margin:{l:60,r:15,t:35,b:40},showlegend:f.traces.length>1,legend:{orientation:'h',y:1.12,x:1,
    xanchor:'right'},xaxis:{title:{text:'step'},gridcolor:grid},
    yaxis:{type:f.log?'log':'linear',gridcolor:grid}},
    {responsive:true,displaylogo:false,showSendToCloud:false});
}
const boxes=[...document.querySelectorAll('.chart')];
const seen=new IntersectionObserver(list=>list.forEach(e=>{if(e.isIntersecting)draw(e.target)}),
  {rootMargin:'400px'});
boxes.forEach(box=>seen.observe(box));
// in a frame without an address of its own a link to a section would lead away
document.querySelectorAll('nav a').forEach(link=>link.addEventListener('click',event=>{
  event.preventDefault();document.querySelector(link.hash).scrollIntoView();}));
addEventListener('beforeprint',()=>boxes.forEach(draw));
"""
